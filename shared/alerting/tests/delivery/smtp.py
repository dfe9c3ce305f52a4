"""A mail server that does what a script says, and tells each mail that it took as a line of JSON.

The script is JSON: {"port", "tls": "none" | "starttls" | "implicit" | "broken", "cert", "key",
"users": {name: password}, "mail": [answers to MAIL], "rcpt": {address: [answers]},
"data": [answers to the end of DATA], "hold": seconds before the answer to DATA}.
Of each list one answer is used up for each command; when it is empty the server takes what comes.
An answer "hang" never comes.
"""

import asyncio
import email
import email.policy
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

script = json.loads(sys.argv[1])


def tell(**fields):
    print(json.dumps(fields), flush=True)


async def scripted(answers):
    if not answers:
        return None
    answer = answers.pop(0)
    if answer == "hang":
        await asyncio.sleep(3600)
    return answer


class Handler:
    async def handle_MAIL(self, server, session, envelope, address, options):
        tell(event="mail", tls=session.ssl is not None)
        answer = await scripted(script.get("mail"))
        if answer:
            return answer
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = await scripted(script.get("rcpt", {}).get(address))
        if answer:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        answer = await scripted(script.get("data"))
        if answer:
            return answer
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        tell(
            event="taken",
            to=envelope.rcpt_tos,
            sender=envelope.mail_from,
            id=mail["Message-ID"],
            subject=mail["Subject"],
            text=mail.get_content(),
            headers=[[name, value] for name, value in mail.items()],
            user=getattr(session, "login", None),
        )
        if "hold" in script:
            await asyncio.sleep(script["hold"])
        return "250 taken"


def authenticator(server, session, envelope, mechanism, data):
    login, password = data.login.decode(), data.password.decode()
    session.login = login
    good = script["users"].get(login) == password
    return AuthResult(success=good, handled=False)


async def broken(reader, writer):
    """Offers TLS and then speaks something else."""
    writer.write(b"220 ready\r\n")
    while line := await reader.readline():
        if line.upper().startswith(b"STARTTLS"):
            writer.write(b"220 go\r\n")
            await writer.drain()
            await reader.read(16)
            writer.write(b"this is no TLS at all\r\n")
            writer.close()
            return
        writer.write(b"250-here\r\n250 STARTTLS\r\n")


async def main():
    loop = asyncio.get_running_loop()
    mode = script.get("tls", "none")
    context = None
    if mode in ("starttls", "implicit"):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(script["cert"], script["key"])
    options = {"hostname": "mail.test", "enable_SMTPUTF8": False}
    if mode == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    if script.get("users") is not None:
        options |= {
            "authenticator": authenticator,
            "auth_required": True,
            "auth_require_tls": False,
        }

    def session():
        return SMTP(Handler(), **options)

    port = script.get("port", 0)
    if mode == "broken":
        server = await asyncio.start_server(broken, "127.0.0.1", port)
    else:
        implicit = context if mode == "implicit" else None
        server = await loop.create_server(session, "127.0.0.1", port, ssl=implicit)
    tell(event="ready", port=server.sockets[0].getsockname()[1])
    await server.serve_forever()


asyncio.run(main())
