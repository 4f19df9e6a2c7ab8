import { type LookupAddress, lookup } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import ipaddr from "ipaddr.js";

/** Azure's metadata and DNS: the one service of a cloud at an address that looks public. */
const azureMetadata = "168.63.129.16";

/**
 * Whether an address is anybody's on the internet. Loopback, private networks, link-local (where clouds keep their
 * metadata), carrier-grade NAT, multicast, and every IPv6 spelling that leads to such an IPv4 address are not.
 */
export function isPublicAddress(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.parse(address).range() === "unicast" && address !== azureMetadata;
}

/** Whether a URL's host may be called at all; a name is judged when it is resolved. */
export function isPublicHost(hostname: string): boolean {
  const bare = hostname.replace(/^\[|\]$/g, "");
  return isIP(bare) === 0 || isPublicAddress(bare);
}

/**
 * `dns.lookup` that fails for a name with any address inside the house. The connection is made to exactly what is
 * answered here, so a name that changes its address between the check and the use gains nothing.
 */
export const lookupPublic: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    const [first] = addresses ?? [];
    if (error !== null || first === undefined) {
      callback(error ?? new Error("the name has no address"), "");
    } else if (!addresses.every(({ address }) => isPublicAddress(address))) {
      callback(Object.assign(new Error("the name leads to an address inside the house"), { code: "EPRIVATE" }), "");
    } else if (options.all) callback(null, addresses);
    else callback(null, first.address, first.family);
  });
};
