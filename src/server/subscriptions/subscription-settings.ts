/** What bounds sockets and event streams, with the defaults. */

export interface SubscriptionSettings {
  /** Operations that run at once on one socket. Default 100. */
  readonly maxOperationsPerSocket: number;
  /** Sockets and event streams of one tenant and subject, on this process. Default 100. */
  readonly maxSocketsPerSubject: number;
  /** So long a socket may be open before it says who it is, in milliseconds. Default 5 000. */
  readonly initTimeoutMs: number;
  /** How often a sign of life is sent; a socket that does not answer it until the next is cut. In milliseconds, default 12 000. */
  readonly keepAliveMs: number;
  /** Origins of pages, beside our own, that may open sockets and event streams. Default none. */
  readonly allowedOrigins: readonly string[];
  /** Bytes that may wait for one client that reads slowly; beyond, its socket is closed with 1013. Default 1 MiB. */
  readonly maxBufferedBytes: number;
  /** Time limit of executing one event, in milliseconds. Default 30 000. */
  readonly eventTimeoutMs: number;
  /** So long a client may take to read what waits for it, in milliseconds: 30 000. */
  readonly stuckMs: number;
  /** How often it is asked again whether a caller is still who it was, in milliseconds: 2 000. */
  readonly recheckMs: number;
  /** So long a closed socket may take to say goodbye before it is cut, in milliseconds: 2 000. */
  readonly closeGraceMs: number;
}

export const defaultSubscriptionSettings: SubscriptionSettings = {
  maxOperationsPerSocket: 100,
  maxSocketsPerSubject: 100,
  initTimeoutMs: 5_000,
  keepAliveMs: 12_000,
  allowedOrigins: [],
  maxBufferedBytes: 1024 * 1024,
  eventTimeoutMs: 30_000,
  stuckMs: 30_000,
  recheckMs: 2_000,
  closeGraceMs: 2_000,
};
