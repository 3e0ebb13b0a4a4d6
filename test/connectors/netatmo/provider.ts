/** Netatmo on loopback: one account with a station, a module and a heated room, and its sign-in without pages. */
import { startFakeProvider, type FakeProvider } from '../../support/fake-provider.ts';
import { homeId, homesData, homeStatus, roomId, stationsData } from './answers.ts';

export const accessToken = 'ada|token';
export const clientId = 'netatmo-client';
export const clientSecret = 'netatmo-secret';
/** What the sign-in gives to the browser. */
export const authorizationCode = 'the-code';

export interface Netatmo extends FakeProvider {
  /** What the account measures and is set to; a test changes it. */
  readonly state: { temperature: number; measuredAt: number; setPoint: number; mode: string; isDown: boolean };
  readonly unmatched: readonly string[];
  readonly senderOptions: {
    readonly replayedOrigins: Record<string, string>;
    readonly allowedPrivateOrigins: string[];
  };
}

export async function startNetatmo(): Promise<Netatmo> {
  const state = { temperature: 21.3, measuredAt: 1_700_000_000, setPoint: 19, mode: 'schedule', isDown: false };
  const unmatched: string[] = [];
  const provider = await startFakeProvider(({ method, path, query, headers, body, url }) => {
    const form = new URLSearchParams(body);
    if (method === 'POST' && path === '/oauth2/token') return answerTokens(form);
    if (state.isDown) return { status: 503, json: { error: { code: 503, message: 'Service unavailable' } } };
    if (headers['authorization'] !== `Bearer ${accessToken}`) {
      return { status: 403, json: { error: { code: 2, message: 'Invalid access token' } } };
    }
    switch (`${method} ${path}`) {
      case 'GET /api/getstationsdata':
        return { json: stationsData(state.temperature, state.measuredAt) };
      case 'GET /api/homesdata':
        return { json: homesData() };
      case 'GET /api/homestatus':
        return query['home_id'] === homeId
          ? { json: homeStatus(state.setPoint, state.mode) }
          : { status: 400, json: { error: { code: 21, message: 'Invalid home_id' } } };
      case 'POST /api/setroomthermpoint':
        if (form.get('home_id') !== homeId || form.get('room_id') !== roomId)
          return { status: 400, json: { error: { code: 21 } } };
        state.setPoint = Number(form.get('temp') ?? state.setPoint);
        state.mode = form.get('mode') ?? '';
        return { json: { status: 'ok', time_server: 1_700_000_061 } };
      case 'POST /api/setthermmode':
        return { json: { status: 'ok', time_server: 1_700_000_062 } };
      default:
        unmatched.push(`${method} ${url}`);
        return { status: 404, json: { error: { code: 404, message: 'Not found' } } };
    }
  });
  return {
    ...provider,
    state,
    unmatched,
    senderOptions: {
      replayedOrigins: { 'https://api.netatmo.com': provider.origin },
      allowedPrivateOrigins: [provider.origin],
    },
  };
}

/** Netatmo answers its scopes as a list, and names the time twice. @see https://dev.netatmo.com/apidocumentation/oauth */
function answerTokens(form: URLSearchParams) {
  const isKnown = form.get('client_id') === clientId && form.get('client_secret') === clientSecret;
  const isRight = form.get('grant_type') === 'refresh_token' || form.get('code') === authorizationCode;
  if (!isKnown || !isRight) return { status: 400, json: { error: isKnown ? 'invalid_grant' : 'invalid_client' } };
  return {
    json: {
      access_token: accessToken,
      refresh_token: 'ada|refresh',
      scope: ['read_station', 'read_thermostat', 'write_thermostat'],
      expires_in: 10_800,
      expire_in: 10_800,
    },
  };
}
