/** Where the authorization server keeps everything: plain memory, without the size limit of the library's own adapter. */
import { errors } from 'oidc-provider';

/** Models whose records end together with their grant. */
const endsWithGrant = new Set(['AccessToken', 'AuthorizationCode', 'RefreshToken', 'DeviceCode']);

/** @typedef {Record<string, any>} Payload */

export function createStorage() {
  /** @type {Map<string, Map<string, Payload>>} Records by model and id. */
  const models = new Map();
  /** @type {Map<string, string>} Ids by `model userCode` and `model uid`. */
  const secondary = new Map();

  /** @param {string} model */
  const recordsOf = (model) => {
    let records = models.get(model);
    if (!records) models.set(model, (records = new Map()));
    return records;
  };

  /** Ends every token and code of the grant, not the grant itself. @param {string} grantId */
  const endTokensOfGrant = (grantId) => {
    for (const model of endsWithGrant) {
      for (const [id, payload] of recordsOf(model)) if (payload.grantId === grantId) recordsOf(model).delete(id);
    }
  };

  /** The adapter that oidc-provider asks for, one per model. @param {string} model */
  const adapterOf = (model) => {
    const records = recordsOf(model);
    return {
      /** @param {string} id @param {Payload} payload */
      async upsert(id, payload) {
        records.set(id, payload);
        if (payload.userCode) secondary.set(`${model} ${payload.userCode}`, id);
        if (payload.uid) secondary.set(`${model} ${payload.uid}`, id);
      },
      /** @param {string} id */
      async find(id) {
        return records.get(id);
      },
      /** @param {string} uid */
      async findByUid(uid) {
        return records.get(secondary.get(`${model} ${uid}`) ?? '');
      },
      /** @param {string} userCode */
      async findByUserCode(userCode) {
        return records.get(secondary.get(`${model} ${userCode}`) ?? '');
      },
      /** @param {string} id */
      async destroy(id) {
        records.delete(id);
      },
      /** @param {string} grantId */
      async revokeByGrantId(grantId) {
        endTokensOfGrant(grantId);
      },
      /** @param {string} id */
      async consume(id) {
        const payload = records.get(id);
        // Two requests may both have read the record before either consumes it: the second one is a reuse all the same.
        if (!payload || payload.consumed) {
          if (payload) endTokensOfGrant(payload.grantId);
          throw new errors.InvalidGrant('refresh token already used');
        }
        payload.consumed = Math.floor(Date.now() / 1000);
      },
    };
  };

  return { adapterOf, recordsOf, endTokensOfGrant };
}
