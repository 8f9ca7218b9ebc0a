"""Logs, metrics and traces through Powertools, configured in one place.

The logger never sees bodies, headers or tokens: callers log ids and codes.
"""

import os

from aws_lambda_powertools import Logger, Metrics, Tracer

logger = Logger(service="streamspace-control-plane")
metrics = Metrics(namespace="StreamSpace", service="control-plane")
# Outside Lambda there is no X-Ray daemon to send to.
tracer = Tracer(service="streamspace-control-plane", disabled="AWS_LAMBDA_FUNCTION_NAME" not in os.environ)
