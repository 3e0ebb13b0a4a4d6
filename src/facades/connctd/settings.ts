/** What an operator may choose about connctd's interface. */

export interface ConnctdSettings {
  /**
   * The browser that a 303 sends to the provider also finishes the client, as connctd's does: the application never says that
   * it was its own user's (design §6, safety O3). Whoever can make a subject open somebody else's link connects the subject's
   * account for that other one. Default `false`: the client stays STARTING until `finishConnection(code)` in GraphQL, with the
   * code that the browser brings to `origin_callback_uri`.
   */
  readonly finishInBrowser?: boolean;
}
