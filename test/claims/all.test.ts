/**
 * Every claim has a test: the claims of each topic by name, and those that cannot be shown here, each with the reason. A claim
 * that is shown at last leaves the second list, one that loses its test cannot hide.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The claims of a topic are tests of the file of that name. */
/* biome-ignore format: a table */
const TOPICS: Readonly<Record<string, string>> = {
  model: `
    socket-is-endpoint socket-as-two-way-mailbox socket-is-a-file-descriptor fd-small-integer-per-process
    socket-lives-in-kernel kernel-runs-the-protocol control-block-per-connection socket-struct-keyed-by-addresses
    fd-inherited-across-fork local-or-remote-peer sockets-are-reliable frameworks-do-the-socket-work`,
  layers: `
    osi-is-a-reference-model osi-session-layer-owns-connections application-layer-handles-requests
    transport-layer-tcp-udp-ports segmentation-follows-bandwidth ip-layer-addresses-and-routes
    link-layer-frames-and-macs encapsulation-and-decapsulation tcp-header-size-and-fields
    udp-header-only-ports-and-length socket-sits-above-transport`,
  lifecycle: `
    calls-of-a-connection socket-call-only-allocates bind-fixes-local-address listen-makes-socket-passive
    nic-and-routes-learn-listening-port accept-creates-the-connection accept-returns-child-socket
    ephemeral-port-random`,
  handshake: `
    three-way-handshake initial-sequence-number-random syn-consumes-one-sequence-number
    final-ack-completes-both-ends connect-blocks connect-timeout-over-two-minutes dial-needs-a-deadline
    syn-flood-fills-syn-queue syn-flood-solved-by-timeout half-open-entry-in-syn-queue
    segment-without-connection-dropped tcp-keeps-state`,
  'send-path': `
    write-copies-into-send-buffer write-returns-when-kernel-has-bytes diagram-write-returns-after-ack
    send-does-not-transmit-immediately kernel-chooses-when-and-how send-diagram-layers kernel-copies-to-nic
    transmission-can-lag-write partial-write-when-space-short write-blocks-when-full sender-waits-for-ack-to-slide
    overfilling-send-side-adds-latency kernel-tracks-delivery tcp-prevents-data-loss`,
  'receive-path': `
    kernel-finds-socket-by-4-tuple tuple-hash-maps-to-descriptor in-order-data-copied-to-receive-buffer
    receiver-reorders-by-sequence ack-sent-when-data-stored ack-prompt-or-slightly-delayed waiters-are-woken
    read-moves-data-to-user read-blocks-when-empty read-may-be-short stream-has-no-messages receive-diagram-layers`,
  buffers: `
    each-socket-has-two-buffers buffers-are-packet-queues default-sizes-16k-87k buffers-reserved-at-socket
    memory-bound-is-sum-of-queues kernel-buffers-smooth-bursts`,
  'flow-control': `
    window-advertised-in-acks full-buffer-stops-acks full-buffer-is-congestion-control slow-reader-pauses-sender
    full-buffer-drops-packets backpressure-chain flow-versus-congestion-control`,
  nagle: `
    nagle-waits-for-full-segment keystroke-overhead-40-bytes nagle-is-a-trade-off apps-disable-nagle
    nagle-plus-delayed-ack`,
  segmentation: `
    mss-limits-segment tcp-cuts-and-numbers one-write-several-packets every-segment-is-acknowledged
    receiver-requests-retransmission`,
  close: `
    close-releases-resources four-way-close half-close-peer-may-send close-starts-handshake
    states-of-an-orderly-close close-wait-when-sending-own-fin`,
  'time-wait': `
    time-wait-sixty-seconds time-wait-is-two-msl time-wait-on-the-client purpose-of-time-wait
    short-connections-exhaust-ports so-reuseaddr-relieves-time-wait`,
  gotchas: `
    read-without-deadline-hangs forgotten-close-leaks-descriptors full-buffer-explains-missing-data`,
};

/** What is not simulated, so that nothing of the claim can be shown. */
const ABSENT: Readonly<Record<string, string>> = {
  'link-layer-frames-and-macs': 'links carry IP packets: there are neither frames nor ARP nor routers',
  'udp-header-only-ports-and-length': 'there is no UDP',
  'socket-sits-above-transport': 'there is neither UDP nor a raw socket nor a packet socket',
  'syn-flood-solved-by-timeout': 'a full SYN queue drops SYNs: there are no SYN cookies',
};

/** What the claim says of these is not shown; the rest of it is. */
const PARTLY: Readonly<Record<string, string>> = {
  'socket-is-a-file-descriptor': '/proc/self/fd',
  'fd-inherited-across-fork': 'fork(): dup() makes the second descriptor',
  'sockets-are-reliable': 'datagrams',
  'frameworks-do-the-socket-work': 'fetch(): the test has a library of its own',
  'osi-is-a-reference-model': 'the Ethernet header',
  'transport-layer-tcp-udp-ports': 'UDP',
  'ip-layer-addresses-and-routes': 'routers',
  'encapsulation-and-decapsulation': 'the Ethernet header; counters',
  'nic-and-routes-learn-listening-port': 'the filters of the card and the routing table as objects to look at',
  'half-open-entry-in-syn-queue': '/proc/net/sockstat',
  'kernel-copies-to-nic': 'copies by DMA',
  'tuple-hash-maps-to-descriptor': 'buckets of the hash',
  'receive-diagram-layers': 'the ring of the card',
  'default-sizes-16k-87k': 'UDP',
  'full-buffer-drops-packets': 'UDP',
  'time-wait-is-two-msl': 'a kernel that waits as long as the RFC says: none of those simulated does',
};

const names = (text: string): string[] => text.trim().split(/\s+/);

/** The claims that a file of tests names. */
function tested(topic: string): Set<string> {
  const source = readFileSync(join(import.meta.dirname, `${topic}.test.ts`), 'utf8');
  return new Set([...source.matchAll(/\bit\(\s*['`]([a-z0-9-]+)['`:]/g)].map(([, name]) => name as string));
}

describe('claims: all of them', () => {
  for (const [topic, list] of Object.entries(TOPICS)) {
    it(`${topic}: each is tested or known to be absent`, () => {
      const claims = names(list);
      const have = tested(topic);
      assert.deepEqual(
        claims.filter((claim) => !have.has(claim)),
        claims.filter((claim) => Object.hasOwn(ABSENT, claim)),
      );
      assert.deepEqual(
        [...have].filter((name) => !claims.includes(name)),
        [],
        'a test is named after no claim',
      );
    });
  }

  it('what is known to be absent is a claim', () => {
    const all = new Set(Object.values(TOPICS).flatMap(names));
    assert.equal(all.size, Object.values(TOPICS).flatMap(names).length, 'a claim has one topic');
    for (const claim of [...Object.keys(ABSENT), ...Object.keys(PARTLY)]) assert.ok(all.has(claim), claim);
    for (const claim of Object.keys(PARTLY)) assert.ok(!Object.hasOwn(ABSENT, claim), claim);
  });
});
