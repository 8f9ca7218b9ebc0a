"""What the API takes for an address block of a network policy (`ValidateIPBlock`); seen on a real 1.36."""

from ipaddress import IPv6Network, ip_network

from tests.support.cluster.objects import Object

Error = tuple[str, str, str]
MAPPED = IPv6Network("::ffff:0:0/96")


def policy_errors(policy: Object) -> list[Error]:
    spec = policy["spec"]
    return [
        error
        for direction, key in (("ingress", "from"), ("egress", "to"))
        for number, rule in enumerate(spec.get(direction) or ())
        for index, peer in enumerate(rule.get(key) or ())
        if "ipBlock" in peer
        for error in _block(peer["ipBlock"], f"spec.{direction}[{number}].{key}[{index}].ipBlock")
    ]


def _block(block: Object, field: str) -> list[Error]:
    errors = _cidr(block["cidr"], f"{field}.cidr")
    for index, text in enumerate(block.get("except") or ()):
        where = f"{field}.except[{index}]"
        errors += _cidr(text, where)
        if not errors and not _within(text, block["cidr"]):
            errors.append(_invalid(where, text, "must be a strict subset of `cidr`"))
    return errors


def _cidr(text: str, field: str) -> list[Error]:
    try:
        found = ip_network(text)
    except ValueError:
        return [_invalid(field, text, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)")]
    if isinstance(found, IPv6Network) and found.subnet_of(MAPPED):
        return [_invalid(field, text, "must not have an IPv4-mapped IPv6 address")]
    return []


def _within(text: str, whole: str) -> bool:
    part, all_of_it = ip_network(text), ip_network(whole)
    return part.version == all_of_it.version and part != all_of_it and part.subnet_of(all_of_it)  # type: ignore[arg-type]


def _invalid(field: str, value: str, why: str) -> Error:
    return field, "FieldValueInvalid", f'Invalid value: "{value}": {why}'
