"""Changed contracts: which stored days are older than the code, and what that means.

`older` finds the days, `changes` says what differs, `plan` what has to be done, and `trial` what a
rule would reject. Nothing here changes the lake; runs that rebuild days belong to
`lakehouse.platform.orchestration`.
"""
