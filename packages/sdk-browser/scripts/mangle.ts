/**
 * Names of ours that never meet a browser API, the wire or the page, so that all files of the script can call them by two
 * letters. What also is somebody else's name, or an export of a chunk, must not stand here: the browser tests would fail.
 */
const names =
  `addressOf ask batches bodyOf drop enqueue current facts forget frame freeze given handOff hear itemInView keep learn
  loadSession looseEvents names payloadOf put random ready recover reframe renew resume retryAfterMs say schedule serverNow signingIn skewMs
  stock store strays tell whenAllowed`.split(/\s+/);

export const mangleProps = new RegExp(`^(${names.join("|")})$`);
export const mangleCache: Record<string, string> = Object.fromEntries(
  names.map((name, i) => [name, `$${i.toString(36)}`]),
);
