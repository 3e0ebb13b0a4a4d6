/** An issuer's key set on 127.0.0.1, whose keys a test replaces, and tokens signed with them. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignJWT } from 'jose';

export interface KeyServer {
  readonly url: string;
  /** How often it was asked. */
  readonly hits: () => number;
  /** Serves exactly these keys from now on; new ones are made. */
  readonly rotate: (...kids: readonly string[]) => void;
  /** Answers with this status and text instead; `undefined` answers with keys again. */
  readonly answer: (fault: { readonly status: number; readonly text: string } | undefined) => void;
  readonly sign: (kid: string, claims: Readonly<Record<string, unknown>>) => Promise<string>;
  readonly close: () => Promise<void>;
}

/** Close it after the test. */
export async function startKeyServer(...kids: readonly string[]): Promise<KeyServer> {
  const keys = new Map<string, { publicKey: KeyObject; privateKey: KeyObject }>();
  let served: readonly string[] = [];
  let fault: { readonly status: number; readonly text: string } | undefined;
  let hits = 0;
  const rotate = (...next: readonly string[]) => {
    for (const kid of next) if (!keys.has(kid)) keys.set(kid, generateKeyPairSync('ec', { namedCurve: 'P-256' }));
    served = next;
  };
  rotate(...kids);
  const server = createServer((_request, response) => {
    hits += 1;
    const jwks = served.map((kid) => ({ ...keys.get(kid)!.publicKey.export({ format: 'jwk' }), kid, alg: 'ES256' }));
    response.writeHead(fault?.status ?? 200, { 'content-type': 'application/json' });
    response.end(fault?.text ?? JSON.stringify({ keys: jwks }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`,
    hits: () => hits,
    rotate,
    answer: (next) => void (fault = next),
    sign: (kid, claims) =>
      new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid, typ: 'at+jwt' }).sign(keys.get(kid)!.privateKey),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
