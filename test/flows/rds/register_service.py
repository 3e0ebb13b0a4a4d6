# The function of seed 000 as the document prints it; mended are only a bracket that is missing and two blanks after `f`.
import json
import logging
import os

import requests

logger = logging.getLogger()


def register_service(servicename: str, authorize_url: str, refresh_url: str, client_id: str, client_secret: str):
    tokenStorage = os.getenv("CENTRAL_SERVICE_TOKEN_STORAGE")
    if tokenStorage is None:
        return False

    data = {
        "servicename": servicename,
        "authorize_url": authorize_url,
        "refresh_url": refresh_url,
        "client_id": client_id,
        "client_secret": client_secret,
        "implements": ["fileStorage", "metadata"]
    }
    headers = {"Content-Type": "application/json"}

    response = requests.post(
        f"{tokenStorage}/service", json=data, headers=headers)

    if response.status_code is not 200:
        raise Exception(
            "Cannot find and register Token Storage, msg:\n{}".format(response.text))

    response = response.json()
    if response["success"]:
        logger.info(
            f"Registering {servicename} in token storage was successful.")
        return True

    logger.error(
        f"There was an error while registering {servicename} to token storage.\nJSON: {response}")

    return False


def tried(*arguments):
    try:
        return register_service(*arguments)
    except Exception as error:
        return str(error)


service = ("port-owncloud", "https://owncloud.example/authorize", "https://owncloud.example/token", "ABC", "XYZ")
relative = ("port-relative", "/authorize", "/token", "ABC", "XYZ")
print(json.dumps([tried(*service), tried(*service), tried(*relative)]))
