"""Elements that only show something, as one component however many they are.

Dash keeps state for every component and starts each of them again when the `children` around it
change, which costs more than drawing them. A `Markup` is one component: React compares its tree
with the one before and changes what differs. Text stays text, as in any other component.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

Node = Mapping[str, Any]
"""An element: ``tag``, the properties that React gives it, and ``children``."""
_HTML = html.Div()._namespace


class Markup(Component):
    """A tree of elements without callbacks; the browser's part is ``assets/markup.js``.

    Args:
        id: name of the component, by which its tree is replaced.
        tree: the element; its own ``id`` is that of the page.
    """

    tree: Node
    _children_props: tuple[str, ...] = ()  # type: ignore[assignment]  # Dash reads it only
    _base_nodes: tuple[str, ...] = ("children",)  # type: ignore[assignment]
    _namespace = "lakehouse_parts"
    _type = "Markup"
    _prop_names = ["id", "tree"]
    _valid_wildcard_attributes: list[str] = []
    available_properties = _prop_names
    available_wildcard_properties: list[str] = []

    def __init__(self, id: str, tree: Node) -> None:  # noqa: A002  the name that Dash expects
        super().__init__(id=id, tree=tree)  # type: ignore[no-untyped-call]


def markup(part: Component, name: str) -> Markup:
    """Return elements as one component with an id.

    Raises:
        TypeError: a part is not an element of HTML, such as a chart or a table.
    """
    return Markup(id=name, tree=_node(part))


def drawing(tag: str, children: Sequence[Node] = (), **properties: Any) -> Node:
    """Return an element that Dash has no component for, such as a part of an SVG."""
    return {"tag": tag, **properties, "children": list(children)}


def _node(part: Any) -> Any:
    """Return a component as a node.

    >>> _node(html.Div(["R$ ", html.B("3")], className="sum"))
    {'tag': 'div', 'className': 'sum', 'children': ['R$ ', {'tag': 'b', 'children': '3'}]}
    """
    if isinstance(part, list | tuple):
        return [_node(each) for each in part if each is not None]
    if not isinstance(part, Component):
        return part
    if isinstance(part, Markup):
        return part.tree
    found = part.to_plotly_json()
    if found["namespace"] != _HTML:
        raise TypeError(f"{found['type']} is not an element, so it cannot be a part of a markup")
    properties = {name: each for name, each in found["props"].items() if name != "n_clicks"}
    children = properties.pop("children", None)
    return {"tag": found["type"].lower(), **properties} | (
        {} if children is None else {"children": _node(children)}
    )
