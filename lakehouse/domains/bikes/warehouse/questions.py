"""Views of the warehouse that answer the five questions, in both readings, over the six tables."""

VIEWS = {
    "q1_orders_with_three_lines_list": """
        SELECT salesorderid AS sales_order_id, count(*) AS lines
        FROM {schema}.salesorderdetail
        GROUP BY salesorderid HAVING count(*) >= 3
        ORDER BY salesorderid
    """,
    "q1_orders_with_three_lines": """
        SELECT count(*) AS orders FROM (
            SELECT salesorderid FROM {schema}.salesorderdetail
            GROUP BY salesorderid HAVING count(*) >= 3
        ) AS found
    """,
    "ordered_products": """
        SELECT p.productid AS product_id, p.name, p.daystomanufacture AS days_to_manufacture,
               sum(d.orderqty)::bigint AS order_qty
        FROM {schema}.salesorderdetail d
        JOIN {schema}.specialofferproduct s
          ON s.productid = d.productid AND s.specialofferid = d.specialofferid
        JOIN {schema}.product p ON p.productid = s.productid
        GROUP BY p.productid
    """,
    "q2_top_products": """
        SELECT row_number() OVER (ORDER BY order_qty DESC, product_id) AS place,
               product_id, name, days_to_manufacture, order_qty
        FROM {schema}.ordered_products
        ORDER BY order_qty DESC, product_id LIMIT 3
    """,
    "q2_top_products_by_days_to_manufacture": """
        SELECT days_to_manufacture, place, product_id, name, order_qty FROM (
            SELECT sold.*, row_number() OVER (
                PARTITION BY days_to_manufacture ORDER BY order_qty DESC, product_id
            ) AS place FROM {schema}.ordered_products AS sold
        ) AS placed
        WHERE place <= 3 ORDER BY days_to_manufacture, place
    """,
    "q3_customer_orders": """
        SELECT p.businessentityid AS person_id, c.customerid AS customer_id,
               p.firstname || coalesce(' ' || p.middlename, '') || ' ' || p.lastname
                   AS customer_name,
               count(*) AS orders
        FROM {schema}.person p
        JOIN {schema}.customer c ON c.personid = p.businessentityid
        JOIN {schema}.salesorderheader h ON h.customerid = c.customerid
        GROUP BY p.businessentityid, c.customerid
        ORDER BY orders DESC, person_id, customer_id
    """,
    "q3_customer_orders_by_name": """
        SELECT p.firstname || coalesce(' ' || p.middlename, '') || ' ' || p.lastname
                   AS customer_name,
               count(*) AS orders, count(DISTINCT c.customerid) AS customers
        FROM {schema}.person p
        JOIN {schema}.customer c ON c.personid = p.businessentityid
        JOIN {schema}.salesorderheader h ON h.customerid = c.customerid
        GROUP BY 1
        ORDER BY orders DESC, customer_name
    """,
    "q4_product_day_quantity": """
        SELECT d.productid AS product_id, p.name, h.orderdate AS order_date,
               sum(d.orderqty)::bigint AS order_qty
        FROM {schema}.salesorderheader h
        JOIN {schema}.salesorderdetail d ON d.salesorderid = h.salesorderid
        JOIN {schema}.product p ON p.productid = d.productid
        GROUP BY d.productid, p.name, h.orderdate
        ORDER BY order_qty DESC, product_id, order_date
    """,
    "q4_product_name_day_quantity": """
        SELECT p.name, h.orderdate::date AS order_day, sum(d.orderqty)::bigint AS order_qty
        FROM {schema}.salesorderheader h
        JOIN {schema}.salesorderdetail d ON d.salesorderid = h.salesorderid
        JOIN {schema}.product p ON p.productid = d.productid
        GROUP BY p.name, h.orderdate::date
        ORDER BY order_qty DESC, name, order_day
    """,
    "q5_september_2011_orders": """
        SELECT salesorderid AS sales_order_id, orderdate AS order_date, totaldue AS total_due
        FROM {schema}.salesorderheader
        WHERE orderdate >= '2011-09-01' AND orderdate < '2011-10-01' AND totaldue > 1000
        ORDER BY totaldue DESC, salesorderid
    """,
    "q5_september_2011_orders_by_total_due": """
        SELECT totaldue AS total_due, count(*) AS orders
        FROM {schema}.salesorderheader
        WHERE orderdate >= '2011-09-01' AND orderdate < '2011-10-01' AND totaldue > 1000
        GROUP BY totaldue ORDER BY totaldue DESC
    """,
}
"""Name of the view, as in the lake → SQL; ``{schema}`` is the quoted schema of the warehouse."""
