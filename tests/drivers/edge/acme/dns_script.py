"""`python dns_script.py set|clear SERVER FILE NAME VALUE`: change the DNS server's records, and note it in FILE."""

import json
import sys
import urllib.request

call, server, file, name, value = sys.argv[1:]
with open(file, "a") as notes:
    print(call, name, value, file=notes)
record = {"host": f"{name}.", "value": value}
with urllib.request.urlopen(f"http://{server}/{call}-txt", json.dumps(record).encode()) as answer:
    answer.read()
