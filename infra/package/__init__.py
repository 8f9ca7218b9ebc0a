"""`python -m infra.package`: the deployable form of the control plane, made without AWS access.

Writes `dist/deployment.zip` (the app and its pinned dependencies, as Lambda wants them) and `dist/template.json`
(SAM): Chalice's own template of the app's functions, APIs and schedules, merged with `overlay.py`'s tables,
queues, roles and environment. Everything is derived: tables from the models, functions from the app. `verify.py`
imports the zip as Lambda would, with nothing else on the path, and checks the template's references.

To deploy, with the AWS CLI and an account:

    python -m infra.package.keys | aws secretsmanager create-secret --name streamspace/keys --secret-string file:///dev/stdin
    aws cloudformation package --template-file dist/template.json --s3-bucket BUCKET --output-template-file out.json
    aws cloudformation deploy --template-file out.json --stack-name streamspace --capabilities CAPABILITY_IAM \
        --parameter-overrides PublicUrl=https://… RelayUrls=wss://… MailFrom=…
"""  # noqa: E501 - commands to copy
