"""Hostile archives made from a good one: `hostile.py GOOD PASSPHRASE_SEALED RECIPIENT FOLDER`.

Each is a file of FOLDER; their names and what refuses them are printed as JSON.
"""

import gzip
import hashlib
import io
import json
import os
import struct
import subprocess
import sys
import zipfile
import zlib

GOOD, WITH_PASSPHRASE, RECIPIENT, FOLDER = sys.argv[1:]
good = open(GOOD, "rb").read()
with zipfile.ZipFile(GOOD) as archive:
    manifest, payload = archive.read("MANIFEST.json"), archive.read("payload.age")
with zipfile.ZipFile(WITH_PASSPHRASE) as archive:
    scrypt_manifest, scrypt_payload = archive.read("MANIFEST.json"), archive.read("payload.age")

made = []
CUT = "no backup archive, or it was cut"
ENTRIES = "must hold exactly MANIFEST.json and payload.age"
LAYOUT = "the archive was changed or packed anew"


def add(name, content, says):
    open(os.path.join(FOLDER, name), "wb").write(content)
    made.append([name, says])


def packed(entries, comment=b""):
    """A zip as an unknown program writes it."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as out:
        for name, content, *method in entries:
            info = zipfile.ZipInfo(name)
            info.compress_type = method[0] if method else zipfile.ZIP_STORED
            out.writestr(info, content)
        out.comment = comment
    return file.getvalue()


def exact(manifest, payload):
    """A zip as the agent writes it."""
    local, central = b"", b""
    for name, content in ((b"MANIFEST.json", manifest), (b"payload.age", payload)):
        common = struct.pack("<HHHHHIIIHH", 10, 0, 0, 0, 0x21, zlib.crc32(content),
                             len(content), len(content), len(name), 0)
        central += (b"PK\x01\x02" + struct.pack("<H", 3 << 8 | 10) + common
                    + struct.pack("<HHHII", 0, 0, 0, 0o100600 << 16, len(local)) + name)
        local += b"PK\x03\x04" + common + name + content
    end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 2, 2, len(central), len(local), 0)
    return local + central + end


def sealing(payload, base=manifest, **changes):
    """An archive whose clear part knows another payload."""
    told = json.loads(base)
    told["payloadSha256"] = hashlib.sha256(payload).hexdigest()
    told.update(changes)
    return exact(json.dumps(told, indent=2).encode(), payload)


def sealed(content):
    command = ["age", "-r", RECIPIENT]
    return subprocess.run(command, input=content, stdout=subprocess.PIPE, check=True).stdout


def patched(at, content, source=good):
    return source[:at] + content + source[at + len(content):]


assert exact(manifest, payload) == good
both = [("MANIFEST.json", manifest), ("payload.age", payload)]
end = len(good) - 22
directory = struct.unpack_from("<I", good, end + 16)[0]
second = good.index(b"PK\x01\x02", directory + 4)
second_local = struct.unpack_from("<I", good, second + 42)[0]

# No archives.
add("empty", b"", CUT)
add("text", b"PK is no archive", CUT)
add("gzip", gzip.compress(good), CUT)
add("half", good[: len(good) // 2], CUT)
add("last-byte", good[:-1], CUT)
add("no-directory", good[:directory], CUT)
# More or less around it.
add("behind", good + b"x", CUT)
add("comment", packed(both, b"hello"), CUT)
add("before", b"#!/bin/sh\n" + good, LAYOUT)
add("swapped", packed(both[::-1]), LAYOUT)
# Other entries.
add("none", packed([]), ENTRIES)
add("manifest-only", packed(both[:1]), ENTRIES)
add("payload-only", packed(both[1:]), ENTRIES)
add("third", packed(both + [("x", b"")]), ENTRIES)
for at, name in enumerate(["../MANIFEST.json", "/MANIFEST.json", "..\\MANIFEST.json",
                           "C:\\MANIFEST.json", "./MANIFEST.json", "manifest.json",
                           "MANIFEST.json ", "M\u0410NIFEST.json"]):
    add(f"name-{at}", packed([(name, manifest), both[1]]), ENTRIES)
add("nul", good.replace(b"payload.age", b"payload\0age"), ENTRIES)
add("folder", packed([("MANIFEST.json/", b""), both[1]]), ENTRIES)
add("twice", packed([both[1], both[1]]), ENTRIES)
add("many", packed([(str(number), b"") for number in range(65_536)]), ENTRIES)
add("count", patched(end + 8, struct.pack("<HH", 3, 3)), ENTRIES)
add("zip64-count", patched(end + 8, struct.pack("<HH", 0xFFFF, 0xFFFF)), ENTRIES)
# Packed entries.
bomb = b"\0" * 200_000_000
add("bomb", packed([both[0], ("payload.age", bomb, zipfile.ZIP_DEFLATED)]), "payload.age is compressed")
add("deflated", packed([("MANIFEST.json", manifest, zipfile.ZIP_DEFLATED), both[1]]), "MANIFEST.json is compressed")
add("bzip2", packed([both[0], ("payload.age", payload, zipfile.ZIP_BZIP2)]), "payload.age is compressed")
add("encrypted", patched(second + 8, b"\x01"), "payload.age is compressed or encrypted")
# Contradictions.
add("symlink", patched(second + 38, struct.pack("<I", 0o120777 << 16)), LAYOUT)
add("overlap", patched(second + 42, struct.pack("<I", 0)), "payload.age is damaged")
add("sizes", patched(second + 20, struct.pack("<II", len(good), len(good))), CUT)
add("local-name", patched(second_local + 30, b"paxload.age"), LAYOUT)
add("local-size", patched(second_local + 18, struct.pack("<II", 0, 0)), LAYOUT)
add("zip64-size", patched(second + 20, struct.pack("<II", 0xFFFFFFFF, 0xFFFFFFFF)), CUT)
add("directory-away", patched(end + 16, struct.pack("<I", 0xFFFFFFF0)), CUT)
add("checksum", patched(second + 16, b"\0\0\0\0"), "payload.age is damaged")
# The clear part.
add("manifest-long", exact(b" " * 70_000, payload), "MANIFEST.json has more than")
add("manifest-text", exact(b"hello", payload), "MANIFEST.json is not valid")
add("manifest-newer", sealing(payload, format=2), "has format 2")
add("manifest-other", sealing(payload, product="underpass-gateway"), "is a backup of underpass-gateway")
add("manifest-hash", sealing(payload, payloadSha256="0" * 64), "does not have the hash")
add("manifest-time", sealing(payload, createdAtMs=1), "the manifest says another time")
add("manifest-instance", sealing(payload, instance="another"), "the manifest says another instance")
# The sealed part.
add("payload-text", sealing(b"hello"), "does not begin as a sealed file")
add("payload-cut", sealing(payload[:-1]), "the content of payload.age is damaged")
heads = b"-> X25519 " + b"A" * 43 + b"\n" + b"A" * 43 + b"\n"
crowd = b"age-encryption.org/v1\n" + heads * 100_000 + payload[22:]
add("payload-crowd", sealing(crowd), "does not begin as a sealed file")
for work in (19, 20, 40):
    heavy = scrypt_payload.replace(b" 18\n", b" %d\n" % work, 1)
    add(f"work-{work}", sealing(heavy, scrypt_manifest), "payload.age asks for work")
# What somebody who knows the public key can seal.
for name, content, says in [
    ("content-empty", b"", "the content is not valid"),
    ("content-newer", b'{"format": 7, "productVersion": "9.1.0"}', "written by version 9.1.0"),
    ("content-deep", b'{"format": 1, "document": ' + b"[" * 100_000, "the content is not valid"),
    ("content-long", b'{"format": 1, "x": "' + b"x" * 40_000_000, "the content is not valid"),
]:
    add(name, sealing(sealed(content)), says)

print(json.dumps(made))
