"""What a client of crates.io downloads at first use, from real JSON, compressed by gzip.

250,000 index files, of which a client with 300 dependencies needs 300. Prints one row for each
scheme: flat targets, prefix bins, and succinct hash bins (TAP 15).
"""

import gzip
import hashlib
import json
import sys

FILES = int(sys.argv[1]) if len(sys.argv) > 1 else 250_000
NEEDED = 300
SIGNATURE = {"keyid": "a" * 64, "sig": "3045" + "b" * 140}


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def name(number):
    crate = digest(str(number))[:10]
    return f"index/{crate[:2]}/{crate[2:4]}/{crate}"


def size(signed):
    content = {"signatures": [SIGNATURE], "signed": signed}
    # Signatures do not compress: another one for each document.
    content["signatures"][0]["sig"] = digest(json.dumps(signed)) * 2
    return len(gzip.compress(json.dumps(content, separators=(",", ":")).encode(), mtime=0))


def targets(names, **more):
    listed = {name: {"hashes": {"sha256": digest(name + "!")}, "length": 5000} for name in names}
    return {
        "_type": "targets",
        "expires": "2027-01-01T00:00:00Z",
        "spec_version": "1.0.0",
        "targets": listed,
        "version": 1,
        **more,
    }


def snapshot(roles):
    meta = {f"{role}.json": {"version": 1 + len(role) % 7} for role in roles}
    return {"_type": "snapshot", "meta": meta, "spec_version": "1.0.0", "version": 1}


def bins(names, bits, delegations):
    count = 1 << bits
    width = (bits + 3) // 4
    of = lambda path: int(digest(path)[:8], 16) >> (32 - bits)
    filled = [[] for _ in range(count)]
    for path in names:
        filled[of(path)].append(path)
    roles = [f"bin-{number:0{width}x}" for number in range(count)]
    wanted = {of(path) for path in names[:NEEDED]}
    total = size(targets([], delegations=delegations(roles, bits)))
    total += size(snapshot(["targets", *roles]))
    return total + sum(size(targets(filled[number])) for number in wanted)


def by_prefix(roles, bits):
    keys = {"a" * 64: {"keytype": "ecdsa", "keyval": {"public": "P" * 178}, "scheme": "ecdsa-sha2-nistp256"}}
    digits = (bits + 3) // 4
    each = (1 << (4 * digits)) >> bits
    return {
        "keys": keys,
        "roles": [
            {
                "keyids": ["a" * 64],
                "name": role,
                "path_hash_prefixes": [f"{number * each + more:0{digits}x}" for more in range(each)],
                "terminating": True,
                "threshold": 1,
            }
            for number, role in enumerate(roles)
        ],
    }


def succinct(_, bits):
    return {"succinct_roles": {"bit_length": bits, "keyids": ["a" * 64], "name_prefix": "bin", "threshold": 1}}


names = [name(number) for number in range(FILES)]
rows = [
    ("flat targets", size(targets(names)) + size(snapshot(["targets"]))),
    ("prefix bins 2^14", bins(names, 14, by_prefix)),
    ("succinct bins 2^13", bins(names, 13, succinct)),
]
print("| scheme | first use, gzip |\n| --- | ---: |")
for scheme, bytes_ in rows:
    print(f"| {scheme} | {bytes_ / 1e6:.2f} MB |")
