"""How long python-tuf takes, in nanoseconds, for so many rounds.

    times.py chain ROUNDS FOLDER              roots 1.json, 2.json and so on
    times.py parse|canonical|verify ROUNDS FOLDER   targets.json and crates.json
"""

import os
import sys
import time

from securesystemslib.formats import encode_canonical
from tuf.api.metadata import Metadata, Targets
from tuf.ngclient._internal.trusted_metadata_set import TrustedMetadataSet
from tuf.ngclient.config import EnvelopeType


def read(folder, name):
    with open(os.path.join(folder, name), "rb") as file:
        return file.read()


def chain(folder):
    count = len(os.listdir(folder))
    files = [read(folder, f"{version}.json") for version in range(1, count + 1)]

    def round():
        trusted = TrustedMetadataSet(files[0], EnvelopeType.METADATA)
        for data in files[1:]:
            trusted.update_root(data)

    return round


def parse(folder):
    data = read(folder, "crates.json")
    return lambda: Metadata[Targets].from_bytes(data)


def canonical(folder):
    document = Metadata[Targets].from_bytes(read(folder, "crates.json")).signed.to_dict()
    return lambda: encode_canonical(document).encode("utf-8")


def verify(folder):
    data = read(folder, "crates.json")
    targets = Metadata[Targets].from_bytes(read(folder, "targets.json")).signed

    def round():
        crates = Metadata[Targets].from_bytes(data)
        targets.verify_delegate("crates", crates.signed_bytes, crates.signatures)

    return round


kinds = {"chain": chain, "parse": parse, "canonical": canonical, "verify": verify}
round = kinds[sys.argv[1]](sys.argv[3])
start = time.perf_counter_ns()
for _ in range(int(sys.argv[2])):
    round()
print(time.perf_counter_ns() - start)
