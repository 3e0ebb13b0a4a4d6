# A consumer of RDS' port interfaces, with requests as its services use it: JSON bodies on GET, forms with a file.
import json
import os

import requests

storage = os.environ["PORT"] + "/storage"
user = {"userId": "ada"}
answers = []


def note(response):
    answers.append([response.status_code, response.text])


note(requests.post(f"{storage}/file", data={"filepath": "/data/ä b.txt", **user}, files={"files": ("b.txt", b"one\r\ntwo")}))
note(requests.get(f"{storage}/folder", json={"filepath": "/data", **user}))
note(requests.get(f"{storage}/file", json={"filepath": "/data/ä b.txt", **user}))
note(requests.delete(f"{storage}/file", json={"filepath": "/data/ä b.txt", **user}))
note(requests.get(f"{storage}/folder", json={"filepath": "/data", **user}))
note(requests.get(f"{storage}/folder", json={"filepath": "/data"}))
print(json.dumps(answers))
