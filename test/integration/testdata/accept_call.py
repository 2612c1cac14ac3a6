"""Accepts or refuses a signed call to Taskcluster, by implementations that aren't Verdict's.

Reads {"method", "url", "header", "contentType", "body", "clientId", "accessToken"} as JSON, where
clientId and accessToken are the permanent credentials. mohawk checks the Hawk header; the
certificate in it must be the one that Taskcluster's own Python client makes from the same seed,
times and scopes. Prints what the header says, as JSON.
"""
import base64
import datetime
import json
import sys
from unittest import mock

import mohawk
import mohawk.util
import taskcluster

call = json.load(sys.stdin)
header = mohawk.util.parse_authorization_header(call["header"])
ext = json.loads(base64.b64decode(header["ext"]))
certificate = ext["certificate"]


class Milliseconds:
    """A time of the certificate, which the client would round to seconds."""

    def __init__(self, ms):
        self.ms = ms

    def __mul__(self, _):
        return self.ms


seed = certificate["seed"]
times = [Milliseconds(certificate["start"]), Milliseconds(certificate["expiry"])]
now = datetime.datetime.now(datetime.timezone.utc)
with mock.patch("taskcluster.utils.slugId", side_effect=[seed[:22], seed[22:]]), \
        mock.patch("taskcluster.client.calendar.timegm", side_effect=times):
    expected = taskcluster.createTemporaryCredentials(
        call["clientId"], call["accessToken"], now, now, certificate["scopes"], name=header["id"])
want = json.loads(expected["certificate"])
if certificate != want:
    sys.exit("certificate %r, want %r" % (certificate, want))


def credentials(client_id):
    if client_id != expected["clientId"]:
        raise LookupError(client_id)
    token = expected["accessToken"]
    return {"id": client_id, "key": token.decode() if isinstance(token, bytes) else token, "algorithm": "sha256"}


mohawk.Receiver(
    credentials, call["header"], call["url"], call["method"],
    content=call["body"], content_type=call["contentType"], accept_untrusted_content="hash" not in header)

json.dump({"clientId": header["id"], "hash": header.get("hash", ""), "authorizedScopes": ext.get("authorizedScopes"), **certificate}, sys.stdout)
