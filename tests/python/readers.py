"""What other implementations make of bytes, as JSON on the standard output.

    readers.py canonical        one JSON document a line on the standard input
    readers.py root FILE        a root, by python-tuf and securesystemslib
    readers.py dsse FILE PEM    a DSSE envelope and the key it shall be by
"""

import hashlib
import json
import sys

from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.formats import encode_canonical
from securesystemslib.signer import SSlibKey
from tuf.api.metadata import Metadata, Root
from tuf.api.serialization.json import CanonicalJSONSerializer, JSONSerializer


def canonical():
    for line in sys.stdin:
        document = json.loads(line)
        pretty = json.dumps(document, indent=1, separators=(",", ": "), sort_keys=True)
        answer = {
            "canonical": encode_canonical(document).encode("utf-8").hex(),
            "pretty": pretty.encode("utf-8").hex(),
        }
        print(json.dumps(answer))


def root(path):
    with open(path, "rb") as file:
        data = file.read()
    metadata = Metadata[Root].from_bytes(data)
    result = metadata.signed.get_root_verification_result(
        None, metadata.signed_bytes, metadata.signatures
    )
    ids = {
        keyid: hashlib.sha256(encode_canonical(key.to_dict()).encode("utf-8")).hexdigest()
        for keyid, key in metadata.signed.keys.items()
    }
    answer = {
        "verified": result.verified,
        "signed": sorted(result.signed),
        "signed_bytes": CanonicalJSONSerializer().serialize(metadata.signed).hex(),
        "same_file": metadata.to_bytes(JSONSerializer()) == data,
        "ids": ids,
        "expires": metadata.signed.expires.isoformat(),
    }
    print(json.dumps(answer))


def dsse(path, pem_path):
    with open(path, "rb") as file:
        envelope = Envelope.from_dict(json.load(file))
    with open(pem_path, encoding="ascii") as file:
        key = SSlibKey(
            "holder-1", "ecdsa", "ecdsa-sha2-nistp256", {"public": file.read()}
        )
    try:
        envelope.verify([key], 1)
        verified = True
    except VerificationError:
        verified = False
    print(json.dumps({"verified": verified, "pae": envelope.pae().hex()}))


{"canonical": canonical, "root": root, "dsse": dsse}[sys.argv[1]](*sys.argv[2:])
