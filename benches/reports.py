#!/usr/bin/env python3
"""reports.py DUMP: an mbox with a delivery report for each message that smtp-sink
wrote to DUMP (-D), as Postfix would return it: RFC 3464, to the envelope sender,
with the header of the message that failed. Nothing is drawn, so the same messages
give the same reports."""
import sys

HEAD = """From MAILER-DAEMON Mon Mar  2 07:00:00 2026
Return-Path: <>
Received: by mx.example.net (Postfix)
\tid {id:06X}; Mon,  2 Mar 2026 07:00:00 +0000 (UTC)
Date: Mon,  2 Mar 2026 07:00:00 +0000 (UTC)
From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: {sender}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="{id:06X}.1/mx.example.net"
Message-Id: <{id:06X}@mx.example.net>

This is a MIME-encapsulated message.

--{id:06X}.1/mx.example.net
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx.example.net.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients. It's attached below.

<{recipient}>: unknown user: "{recipient}"

--{id:06X}.1/mx.example.net
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net
X-Postfix-Queue-ID: {id:06X}
X-Postfix-Sender: rfc822; {sender}
Arrival-Date: Mon,  2 Mar 2026 06:59:59 +0000 (UTC)

Final-Recipient: rfc822; {recipient}
Action: failed
Status: 5.1.1
Diagnostic-Code: X-Postfix; unknown user

--{id:06X}.1/mx.example.net
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers

Return-Path: <{sender}>
{header}
--{id:06X}.1/mx.example.net--

"""


def messages(lines):
    """Envelope sender, recipient and header of each message."""
    sender = recipient = ""
    header = None
    for line in lines:
        line = line.rstrip("\r\n")
        if line.startswith("X-Mail-Args: <"):
            sender = line.split("<", 1)[1].split(">", 1)[0]
        elif line.startswith("X-Rcpt-Args: <"):
            recipient = line.split("<", 1)[1].split(">", 1)[0]
            header = []
        elif header is not None and line:
            header.append(line)
        elif header is not None:
            yield sender, recipient, "\n".join(header)
            header = None


with open(sys.argv[1], encoding="ascii", newline="") as dump:
    for place, (sender, recipient, header) in enumerate(messages(dump), 1):
        sys.stdout.write(HEAD.format(id=place, sender=sender, recipient=recipient, header=header + "\n"))
