/** The notation: what a script's text says, and where one that cannot be read goes wrong. */
import assert from 'node:assert/strict';
import { parse } from '../../src/packetdrill/parse.ts';
import type { Action, Expression, PacketAction, SyscallAction, TcpAction } from '../../src/packetdrill/script.ts';
import { ScriptError } from '../../src/packetdrill/script.ts';
import { expressionText } from '../../src/packetdrill/values.ts';
import { ms, s } from '../../src/sim/base/time.ts';

const action = (text: string): Action => parse(`0 ${text}`).events[0]!.action as Action;
const packet = (text: string): PacketAction => action(text) as PacketAction;
const tcp = (text: string): TcpAction => action(text) as TcpAction;
const call = (text: string): SyscallAction => action(text) as SyscallAction;
const value = (text: string): Expression => call(`f(${text}) = 0`).args[0] as Expression;

describe('packetdrill notation', () => {
  it('takes times: absolute, relative, any, ranges', () => {
    const { events } = parse(`
      0 > . 1:1(0) ack 1
      0.25 > . 1:1(0) ack 1
      +.5 > . 1:1(0) ack 1
      * > . 1:1(0) ack 1
      1~1.5 > . 1:1(0) ack 1
      +1~+2 > . 1:1(0) ack 1`);
    assert.deepEqual(
      events.map(({ when }) => when),
      [
        { kind: 'absolute', at: 0, until: undefined },
        { kind: 'absolute', at: ms(250), until: undefined },
        { kind: 'relative', at: ms(500), until: undefined },
        { kind: 'any' },
        { kind: 'absolute', at: s(1), until: ms(1500) },
        { kind: 'relative', at: s(1), until: s(2) },
      ],
    );
    assert.deepEqual(
      events.map(({ line }) => line),
      [2, 3, 4, 5, 6, 7],
    );
  });

  it('takes TCP packets', () => {
    const full = tcp('< [ect0] 1234 > 8080 SP. 100:1100(1000) ack 7 win 32792 urg 3 <mss 1460,nop,wscale 7>');
    assert.deepEqual(
      { ...full, line: 0, column: 0 },
      {
        do: 'packet',
        protocol: 'tcp',
        direction: 'in',
        ip: { ecn: 'ect0' },
        tunnels: [],
        ports: { src: 1234, dst: 8080 },
        flags: 'SP.',
        seq: 100,
        length: 1000,
        ack: 7,
        window: 32792,
        urgent: 3,
        options: [{ kind: 'mss', value: 1460 }, { kind: 'nop' }, { kind: 'wscale', value: 7 }],
        line: 0,
        column: 0,
      },
    );
    const bare = tcp('> - 0:0(0)');
    assert.deepEqual(
      [bare.direction, bare.flags, bare.ack, bare.window, bare.urgent, bare.options],
      ['out', '', undefined, undefined, undefined, []],
    );
  });

  it('takes flags of congestion marks and the ACE field', () => {
    for (const flags of ['S', 'S.', 'SEW', 'SEWA', 'P.E', '.5', 'P.7', 'FSRP.U', '.']) {
      assert.equal(tcp(`> ${flags} 0:0(0)`).flags, flags);
    }
  });

  it('takes what is said of the IP header', () => {
    const rows: [string, object][] = [
      ['[noecn]', { ecn: 'noecn' }],
      ['[ect01]', { ecn: 'ect01' }],
      ['(tos 0x28)', { tos: 0x28 }],
      ['[ttl 64]', { ttl: 64 }],
      ['[ce, flowlabel 0xabcde]', { ecn: 'ce', flowLabel: 0xabcde }],
    ];
    for (const [text, ip] of rows) assert.deepEqual(packet(`> ${text} . 0:0(0) ack 1`).ip, ip);
  });

  it('takes every TCP option', () => {
    const rows: [string, object][] = [
      ['eol', { kind: 'eol' }],
      ['sackOK', { kind: 'sackOK' }],
      [
        'sack 1:2 3:4',
        {
          kind: 'sack',
          blocks: [
            { left: 1, right: 2 },
            { left: 3, right: 4 },
          ],
        },
      ],
      ['TS val 4294967295 ecr 0', { kind: 'TS', val: 4294967295, ecr: 0 }],
      ['FO', { kind: 'FO', hex: '' }],
      ['FOEXP a1B2', { kind: 'FOEXP', hex: 'a1b2' }],
      ['md5 00112233445566778899aabbccddeeff', { kind: 'md5', hex: '00112233445566778899aabbccddeeff' }],
      [
        'ECN e1b 1 ceb 2 e0b 3',
        {
          kind: 'ECN',
          counters: [
            { name: 'e1b', value: 1 },
            { name: 'ceb', value: 2 },
            { name: 'e0b', value: 3 },
          ],
        },
      ],
    ];
    for (const [text, option] of rows) assert.deepEqual(tcp(`> . 0:0(0) ack 1 <${text}>`).options, [option]);
    assert.equal(tcp('> . 0:0(0) ack 1 <...>').options, 'any');
  });

  it('takes UDP, ICMP and tunnels', () => {
    const udp = packet('> udp (1000)');
    assert.deepEqual([udp.protocol, udp.protocol === 'udp' && udp.length], ['udp', 1000]);
    const icmp = packet('< icmp unreachable frag_needed mtu 800 [1:1001(1000)]');
    assert.ok(icmp.protocol === 'icmp');
    assert.deepEqual(
      [icmp.type, icmp.code, icmp.mtu, icmp.quotes],
      ['unreachable', 'frag_needed', 800, { kind: 'tcp', seq: 1, length: 1000 }],
    );
    const echo = packet('< icmp echo_request id 7 [raw (64)]');
    assert.ok(echo.protocol === 'icmp');
    assert.deepEqual([echo.code, echo.id, echo.quotes], [undefined, 7, { kind: 'raw', length: 64 }]);
    const inner = packet('> ipv4 10.0.0.1 > 10.0.0.2: gre: . 1:1(0) ack 1');
    assert.deepEqual(
      inner.tunnels.map(({ kind, text }) => [kind, text]),
      [
        ['ipv4', '10.0.0.1 > 10.0.0.2'],
        ['gre', ''],
      ],
    );
  });

  it('takes system calls', () => {
    const connect = call('connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)');
    assert.deepEqual(
      [connect.name, connect.args.length, connect.errno, connect.blocksUntil],
      ['connect', 3, 'EINPROGRESS', undefined],
    );
    assert.deepEqual(connect.result, { is: 'number', value: -1 });
    const blocking = parse('0...0.5 accept(3, ..., ...) = 4').events[0]!.action as SyscallAction;
    assert.equal(blocking.blocksUntil, ms(500));
    const flags = call('fcntl(3, F_GETFL) = 0x2 (flags O_RDWR)');
    assert.deepEqual(flags.result, { is: 'number', value: 2 });
  });

  it('takes every form of argument', () => {
    const rows = [
      '...',
      '-1',
      'O_RDWR|O_NONBLOCK',
      '[1]',
      '"a\\tb"',
      '"GET"...',
      '{..., 1000}',
      '{onoff=1, linger=0}',
      '{events=EPOLLIN|EPOLLET, fd=4}',
      '[{fd=4, events=POLLIN, revents=0}]',
      '{sa_family=AF_INET, sin_port=htons(8080), sin_addr=inet_addr("10.0.0.1")}',
      'x=3',
    ];
    for (const text of rows) assert.equal(expressionText(value(text)), text);
    assert.equal(expressionText(value('"a" "b"')), '"ab"');
    const message = value('{msg_name(...)=..., msg_iov(2)=[{..., 10}, {..., 20}], msg_flags=0}');
    assert.ok(message.is === 'struct');
    assert.deepEqual(
      message.fields.map(({ name, size }) => [name, size && expressionText(size)]),
      [
        ['msg_name', '...'],
        ['msg_iov', '2'],
        ['msg_flags', undefined],
      ],
    );
  });

  it('takes options, definitions, commands, code and comments', () => {
    const script = parse(
      [
        '// one',
        '--tolerance_usecs=10000 # two',
        '--define=SIZE=1000 --define=WHAT="x"',
        '`first \\`quoted\\``',
        '/* three',
        '   lines */ 0 `during`',
        '+0 %{ assert tcpi_snd_cwnd == 10 }%',
        '+0 write(3, ..., SIZE) = SIZE',
        '`last`',
      ].join('\n'),
    );
    assert.deepEqual(
      script.options.map(({ name, value: text }) => [name, text]),
      [
        ['tolerance_usecs', '10000'],
        ['define', 'SIZE=1000'],
        ['define', 'WHAT="x"'],
      ],
    );
    assert.equal(script.init?.text, 'first \\`quoted\\`');
    assert.equal(script.cleanup?.text, 'last');
    assert.deepEqual(
      script.events.map(({ action: { do: what }, line }) => [what, line]),
      [
        ['command', 6],
        ['code', 7],
        ['syscall', 8],
      ],
    );
    assert.deepEqual((script.events[2]!.action as SyscallAction).result, { is: 'number', value: 1000 });
  });

  it("puts the caller's words where numbers and digits stand", () => {
    const script = parse(
      '0 < S 0:0(0) win 10 <mss MSS,FO COOKIE>',
      new Map([
        ['MSS', '1460'],
        ['COOKIE', 'A1'],
      ]),
    );
    assert.deepEqual((script.events[0]!.action as TcpAction).options, [
      { kind: 'mss', value: 1460 },
      { kind: 'FO', hex: 'a1' },
    ]);
  });
});

/** A script with a fault: where it is, and what is said. */
const FAULTS: [text: string, line: number, column: number, says: RegExp][] = [
  ['', 1, 1, /at least one event/],
  ['0 > . 1:2(5) ack 1', 1, 7, /1 and 5 bytes make 6, not 2/],
  ['0 > . 1:1(0) ack 4294967296', 1, 18, /must be 0 to 4294967295/],
  ['0 > . 1:1(0) win 65536', 1, 18, /window is 65536/],
  ['0 > Q 1:1(0)', 1, 5, /TCP flags expected.*"Q"/],
  ['0 > .5E 1:1(0)', 1, 5, /not both/],
  ['0 > .55 1:1(0)', 1, 5, /one digit/],
  ['0 > . 1:1(0) <mss>', 1, 18, /MSS expected/],
  ['0 > . 1:1(0) <foo 1>', 1, 15, /one of nop, eol, mss/],
  ['0 > . 1:1(0) <FO abc>', 1, 15, /in pairs/],
  ['0 > . 1:1(0) <sack 1:2 3:4 5:6 7:8,TS val 1 ecr 2>', 1, 14, /take 44 bytes: 40 fit/],
  ['0 < . 1:65501(65500)', 1, 21, /a packet holds 65535 bytes/],
  ['0 < . 1:1(0) ack 1 <...>', 1, 24, /only be expected/],
  ['0 < [ect01] . 1:1(0)', 1, 13, /only be expected/],
  ['* < . 1:1(0) ack 1', 1, 1, /any time/],
  ['+1~+2 close(3) = 0', 1, 1, /range of time/],
  ['2~1 > . 1:1(0)', 1, 1, /ends before it begins/],
  ['-1 close(3) = 0', 1, 1, /negative/],
  ['0 close(3', 1, 10, /"\)" expected or ","/],
  ['0 close(3)\n+1 close(4) = 0', 2, 1, /"=" expected/],
  ['0 close(3) = ', 1, 14, /a value expected, not the end/],
  ['0 `command', 1, 3, /closing `/],
  ['0 %{ assert 1', 1, 3, /closing }%/],
  ['0 f("abc) = 0', 1, 5, /closing "/],
  ['/* never', 1, 1, /without its end/],
  ['0 close(3) = 0\n`end`\n0 close(3) = 0', 3, 1, /nothing may follow/],
  ['\n\n   0 bogus', 3, 11, /"\(" expected after bogus/],
];

describe('a script that cannot be read', () => {
  for (const [text, line, column, says] of FAULTS)
    it(`says where and why: ${JSON.stringify(text)}`, () => {
      assert.throws(
        () => parse(text),
        (error: unknown) => {
          assert.ok(error instanceof ScriptError, String(error));
          assert.match(error.message, says);
          assert.deepEqual([error.line, error.column], [line, column], error.message);
          return true;
        },
      );
    });
});
