/** Why a packet ends before a socket, in words: the reasons of `packet.dropped`. */
export const DROPS = {
  lost: 'lost on the link',
  queueFull: 'link queue full',
  tooBig: 'too big for the next link',
  checksum: 'bad checksum',
  malformed: 'malformed packet',
  notOurs: 'no host has this address',
  unexpectedMd5: 'MD5 signature, and no key for it',
  synQueueFull: 'SYN queue full',
  acceptQueueFull: 'accept queue full',
} as const;
