# The request to make a file again (rules/requests.smk): an empty file.


rule again:
    output:
        touch(layout.REQUEST),
    localrule: True
