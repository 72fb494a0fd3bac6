"""Reconciliation: each line of a delivered file must end in exactly one outcome.

    reconcile       balances of the files that a run touched; commits them
    balance         the balance of one file
    touched_days    business days that depend on deliveries
    waiting_days    business days that a file has to wait for
    open_work       days that a domain still has to run
    report          the stored balances and their sums
    audit           proof that the stored tables follow from the delivered files; its parts are in
                    audit_files, audit_deliveries, audit_outcomes and audit_recompute

Which outcome a row gets is decided in `lakehouse.platform.transform`; what happens to rejected rows
afterwards belongs to `lakehouse.platform.quarantine`.
"""
