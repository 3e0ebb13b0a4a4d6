/** What the authorization server has seen and done, as plain numbers, with a way to wait for the next change. */

export function createCounters() {
  const values = {
    /** @type {Record<string, number>} */ requests: {},
    /** @type {Record<string, number>} */ tokenRequests: {},
    /** @type {Record<string, number>} */ tokensIssued: {},
    /** @type {Record<string, number>} */ tokenErrors: {},
    refreshes: 0,
    reuseDetections: 0,
    codeReuses: 0,
    grantsRevoked: 0,
    revocations: 0,
    devicePolls: 0,
    devicePollsTooFast: 0,
    faultsGiven: 0,
  };
  let version = 0;
  /** @type {(() => void)[]} */
  let waiting = [];

  const changed = () => {
    version += 1;
    const woken = waiting;
    waiting = [];
    for (const wake of woken) wake();
  };

  return {
    /** Adds one, or one under a name. @param {string} counter @param {string} [name] */
    count(counter, name) {
      const all = /** @type {Record<string, any>} */ (values);
      if (name === undefined) all[counter] += 1;
      else all[counter][name] = (all[counter][name] ?? 0) + 1;
      changed();
    },
    changed,
    read: () => ({ version, values }),
    /** Answers as soon as something has been counted after `seen`. @param {number} seen */
    async readAfter(seen) {
      if (version <= seen) await new Promise((resolve) => waiting.push(() => resolve(undefined)));
      return { version, values };
    },
  };
}
