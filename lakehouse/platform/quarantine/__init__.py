"""Quarantine: rejected files, lines and rows, and how corrections of them are loaded.

    selection          which rejections a command is about
    listing            the rejections with their original values, and their numbers
    export             rejected rows and lines as a file that people edit: a patch
    patch              reads an edited patch
    corrections        applies edits to the bytes of one CSV file
    corrected_file     checks that a corrected file replaces the old one, and lands it
    replay             replays patches, whole files and held files
    versions           versions of one delivery
    scratch, preview   what a correction would do, computed outside of the lake
    correct_row        corrects one row for a person, and takes it back
    trail              who corrected what, when and why, and the outcome

A correction never changes a table. It lands as a new version of the delivery, passes every check of
an ordinary delivery and replaces the old version. Why a row is rejected is decided in
`lakehouse.platform.transform`.
"""
