"""Judges what the Go client signs, and signs for the stand-in, with Taskcluster's
and Mozilla's own packages. Reads one JSON object, prints one."""

import base64
import calendar
import datetime
import json
import sys
import types

import mohawk
import mohawk.bewit
import taskcluster
import taskcluster.client
import taskcluster.utils


def accept(case):
    """None if mohawk accepts the request, and Taskcluster's client would have
    made the same certificate and token; else what is wrong."""
    key = case["accessToken"]
    try:
        receiver = mohawk.Receiver(
            lambda sender: {"id": case["clientId"], "key": key, "algorithm": "sha256"},
            case["header"],
            case["url"],
            case["method"],
            content=case["content"],
            content_type="application/json",
            accept_untrusted_content=True,
        )
    except mohawk.exc.HawkFail as problem:
        return "mohawk: %s" % problem
    ext = receiver.parsed_header.get("ext")
    if not case.get("issuerToken"):
        return None
    cert = json.loads(base64.b64decode(ext))["certificate"]
    theirs = certificate(case, cert)
    if json.loads(theirs["certificate"]) != cert:
        return "taskcluster would have written the certificate %s" % theirs["certificate"]
    if taskcluster.utils.toStr(theirs["accessToken"]) != key:
        return "taskcluster would have made another access token"
    return None


def certificate(case, cert):
    """The credentials that Taskcluster's client makes with the same seed and times."""

    class Millis(int):
        def __mul__(self, _):
            return int(self)

    seeds = iter([cert["seed"][:22], cert["seed"][22:]])
    times = iter([Millis(cert["start"]), Millis(cert["expiry"])])
    slug, timegm = taskcluster.utils.slugId, calendar.timegm
    taskcluster.utils.slugId = lambda: next(seeds)
    calendar.timegm = lambda _: next(times)
    try:
        now = datetime.datetime.now(datetime.timezone.utc)
        return taskcluster.client.createTemporaryCredentials(
            case["issuer"], case["issuerToken"], now, now, cert["scopes"], case.get("name")
        )
    finally:
        taskcluster.utils.slugId, calendar.timegm = slug, timegm


def use(asked):
    """Calls the stand-in as Taskcluster's users do; answers what it said."""
    root, own = asked["rootUrl"], asked["credentials"]
    now = datetime.datetime.now(datetime.timezone.utc)

    def queue(credentials):
        return taskcluster.Queue({"rootUrl": root, "credentials": credentials, "maxRetries": 0})

    def temporary(name, scopes):
        later = now + datetime.timedelta(minutes=5)
        return taskcluster.client.createTemporaryCredentials(
            own["clientId"], own["accessToken"], now, later, scopes, name
        )

    def said(call):
        try:
            return call()
        except (
            taskcluster.exceptions.TaskclusterRestFailure,
            taskcluster.exceptions.TaskclusterAuthFailure,
        ) as refusal:
            return {"code": (refusal.body or {}).get("code")}

    task, task_id, other = asked["task"], asked["taskId"], asked["otherId"]
    limited = dict(own, authorizedScopes=asked["scopes"])
    name = own["clientId"] + "/py"
    return {
        "permanent": said(lambda: queue(own).createTask(task_id, task)),
        "named": said(lambda: queue(temporary(name, asked["scopes"])).createTask(task_id, task)),
        "unnamed": said(lambda: queue(temporary(None, asked["scopes"])).createTask(task_id, task)),
        "authorized": said(lambda: queue(limited).createTask(task_id, task)),
        "too little": said(lambda: queue(temporary(name, asked["scopes"][1:])).createTask(other, task)),
        "foreign name": said(lambda: queue(temporary("foreign", asked["scopes"])).createTask(other, task)),
        "wrong token": said(lambda: queue(dict(own, accessToken="x")).createTask(other, task)),
        "status": said(lambda: queue(temporary(name, [])).status(task_id)),
        "group": said(lambda: queue(own).listTaskGroup(task_id, query={"limit": "5"})),
        "anonymous": said(lambda: taskcluster.Queue({"rootUrl": root}).task(task_id)),
    }


def sign(case):
    """What Taskcluster's client and mohawk make of the same input, with the nonce,
    times and seed given; and whether they accept what was made elsewhere."""
    made = {"clientId": case["clientId"], "accessToken": case["accessToken"]}
    if case["temporary"]:
        asked = dict(case, issuer=case["clientId"], issuerToken=case["accessToken"])
        made = certificate(asked, asked["made"])
        made = {name: taskcluster.utils.toStr(value) for name, value in made.items()}
    options = {"rootUrl": "https://tc.example.org", "credentials": dict(made)}  # it changes them
    if case["authorizedScopes"] is not None:
        options["authorizedScopes"] = case["authorizedScopes"]
    client = taskcluster.Auth(options)
    client.buildUrl = lambda _: case["url"]
    ext = taskcluster.utils.toStr(client.makeHawkExt())
    key = {"id": made["clientId"], "key": made["accessToken"], "algorithm": "sha256"}
    sender = mohawk.Sender(
        key, case["url"], case["method"], ext=ext, nonce=case["nonce"],
        _timestamp=case["now"] // 1000, always_hash_content=False,
    )
    clock = taskcluster.client.time
    taskcluster.client.time = types.SimpleNamespace(time=lambda: case["now"] / 1000)
    try:
        url = client.buildSignedUrl("any", expiration=case["lifetime"])
    finally:
        taskcluster.client.time = clock
    header = mohawk.util.parse_authorization_header(sender.request_header)
    return {
        "credentials": made, "ext": ext, "mac": header["mac"], "header": sender.request_header, "url": url,
        "refusesHeader": refusal(lambda: mohawk.Receiver(
            lambda _: key, case["header"], case["url"], case["method"],
            content="", content_type="", seen_nonce=lambda *_: False, timestamp_skew_in_seconds=1 << 40,
        )),
        "refusesURL": refusal(lambda: mohawk.bewit.check_bewit(
            readable(case["signedUrl"]), lambda _: key, now=case["now"] // 1000,
        )),
    }


def readable(url):
    """The URL with its bewit padded and in base64's other alphabet: mohawk reads
    no other, though it writes it."""
    before, bewit = url.rsplit("bewit=", 1)
    return before + "bewit=" + bewit.translate(str.maketrans("-_", "+/")) + "=" * (-len(bewit) % 4)


def refusal(check):
    """Why mohawk refuses; None if it doesn't."""
    try:
        check()
    except mohawk.exc.HawkFail as problem:
        return type(problem).__name__
    return None


asked = json.load(sys.stdin)
json.dump({
    "refused": {name: accept(case) for name, case in asked.get("cases", {}).items()},
    "answers": use(asked["use"]) if "use" in asked else {},
    "signed": [sign(case) for case in asked.get("sign", [])],
}, sys.stdout)
