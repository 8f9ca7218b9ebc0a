"""`python -m infra.package`: the deployable form of the control plane, made without AWS access.

Writes `dist/deployment.zip` (the app and its pinned dependencies, as Lambda wants them) and `dist/template.json`
(SAM): Chalice's own template of the app's functions, APIs and schedules, merged with `overlay.py`'s tables,
queues, roles and environment. Everything is derived: tables from the models, functions from the app. `verify.py`
imports the zip as Lambda would, with nothing else on the path, and checks the template's references.
`dist/install` is what the public URL hands out below `/install`, the same files as on a local stack; clusters
pull the agent's image by the name in STREAMSPACE_AGENT_IMAGE.

To deploy, with the AWS CLI and an account:

    python -m infra.package.keys | aws secretsmanager create-secret --name streamspace/keys --secret-string file:///dev/stdin
    aws cloudformation package --template-file dist/template.json --s3-bucket BUCKET --output-template-file out.json
    aws cloudformation deploy --template-file out.json --stack-name streamspace --capabilities CAPABILITY_IAM \
        --parameter-overrides PublicUrl=https://… RelayUrls=wss://… MailFrom=…

To hand out agents, from the bucket that the public URL's distribution serves beside the API:

    aws s3 sync dist/install s3://BUCKET/install/ --delete --cache-control no-cache
    aws s3 cp dist/install/agent.sh s3://BUCKET/install --content-type text/x-shellscript --cache-control no-cache
"""  # noqa: E501 - commands to copy
