"""Whether what was packaged would work: the zip imports alone, and the template refers to what it has."""

import json
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from infra.package import isolation

MOST_ZIPPED_MB = 50
"""Lambda's limit for a direct upload; from S3 it is the unzipped size that counts."""
MOST_UNZIPPED_MB = 250
_IMPORT = """
import sys, time
sys.path.insert(0, sys.argv[1])
began = time.perf_counter()
import app
print(len(app.app.routes), round((time.perf_counter() - began) * 1000))
foreign = [m.__file__ for m in sys.modules.values() if "site-packages" in (getattr(m, "__file__", "") or "")]
assert not foreign, foreign
"""
_MOST_MANAGED, _MOST_INLINE = 6144, 10240
"""IAM's limits, in characters, of a managed policy and of all inline policies of a role."""
_LONGEST = {"Partition": "aws-us-gov", "Region": "ap-southeast-2", "AccountId": "123456789012"}
_PSEUDO = re.compile(r"^AWS::")


class PackageError(Exception):
    """The package would not work; the message says why."""


def check_zip(path: Path) -> str:
    """Imports it as Lambda does, with the standard library and nothing else. Returns a line on its size and
    import. Raises PackageError."""
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(path) as archive:
        unzipped = sum(info.file_size for info in archive.infolist()) / 2**20
        zipped = path.stat().st_size / 2**20
        if zipped > MOST_ZIPPED_MB or unzipped > MOST_UNZIPPED_MB:
            raise PackageError(f"{zipped:.0f} MB zipped, {unzipped:.0f} MB unzipped: more than Lambda takes")
        archive.extractall(folder)
        command = [getattr(sys, "_base_executable", sys.executable), "-I", "-S", "-c", _IMPORT, folder]
        environment = {"AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PackageError(f"the zip does not import:\n{done.stderr}")
    routes, milliseconds = done.stdout.split()[-2:]
    return f"{zipped:.1f} MB ({unzipped:.0f} MB unzipped), {routes} paths, imports in {milliseconds} ms"


def check_template(template: dict[str, Any]) -> str:
    """Every reference resolves, every function is configured. Returns a line on its contents. Raises
    PackageError."""
    found = template["Resources"]
    incomplete = [name for name, each in found.items() if "Type" not in each]
    if incomplete:
        raise PackageError(f"these resources were merged into nothing: {', '.join(incomplete)}")
    known = {*found, *template.get("Parameters", {})}
    for name in references(template):
        if name not in known and not _PSEUDO.match(name):
            raise PackageError(f"the template refers to {name}, which it does not have")
    functions = {name: each for name, each in found.items() if each["Type"] == "AWS::Serverless::Function"}
    for name, function in functions.items():
        if "STREAMSPACE_PUBLIC_URL" not in function["Properties"].get("Environment", {}).get("Variables", {}):
            raise PackageError(f"the function {name} has no configuration")
        if function["Properties"]["MemorySize"] < 512:
            raise PackageError(f"the function {name} has {function['Properties']['MemorySize']} MB")
    wrong = isolation.flaws(template)
    if wrong:
        raise PackageError(f"tenants are not apart: {'; '.join(wrong)}")
    for name, each in found.items():
        size = _policy_size(each)
        most = _MOST_MANAGED if each["Type"] == "AWS::IAM::ManagedPolicy" else _MOST_INLINE
        if size > most:
            raise PackageError(f"the policies of {name} have some {size} characters, more than {most}")
    tables = sum(each["Type"] == "AWS::DynamoDB::Table" for each in found.values())
    return f"{len(functions)} functions, {tables} tables, {len(found)} resources in all"


def _policy_size(resource: dict[str, Any]) -> int:
    """Characters of a policy or of a role's inline policies, less white space, as long as names get."""
    properties = resource.get("Properties", {})
    documents = [properties.get("PolicyDocument"), *(properties.get("Policies") or ())]
    text = json.dumps([each for each in documents if each], separators=(",", ":"))
    for name, longest in _LONGEST.items():
        text = text.replace(f"${{AWS::{name}}}", longest)
    return len(re.sub(r'{"Fn::Sub":("[^"]*")}', r"\1", text))


def references(value: Any) -> Iterator[str]:
    """Names in every Ref, Fn::GetAtt, Fn::Sub and DependsOn."""
    if isinstance(value, list):
        for each in value:
            yield from references(each)
    if not isinstance(value, dict):
        return
    for key, each in value.items():
        if key == "Ref":
            yield each
        elif key == "Fn::GetAtt":
            yield each[0] if isinstance(each, list) else each.split(".")[0]
        elif key == "Fn::Sub":
            text, variables = (each, {}) if isinstance(each, str) else each
            names = re.findall(r"\$\{([^!}][^}]*)\}", text)
            yield from (name.split(".")[0] for name in names if name not in variables)
            yield from references(variables)
        elif key == "DependsOn":
            yield from [each] if isinstance(each, str) else each
        else:
            yield from references(each)
