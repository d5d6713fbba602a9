/** Scripts in which tshark's rules of thumb lead it to another view than the log's: one for each exception of agreement.ts. */

const SERVER = `
  0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
 +0 bind(3, ..., ...) = 0
 +0 listen(3, 1) = 0
+.1 < S 0:0(0) win 65535 <mss 1000,sackOK>
 +0 > S. 0:0(0) ack 1 <...>
+.01 < . 1:1(0) ack 1 win 65535
 +0 accept(3, ..., ...) = 4
`;
/** The same, and the peer knows nothing of SACK. */
const PLAIN = SERVER.replace(',sackOK', '');

/** By the exception's name. */
export const SCRIPTS: Readonly<Record<string, string>> = {
  'its last byte alone': `${SERVER}
 +0 write(4, ..., 1) = 1
 +0 > P. 1:2(1) ack 1
+.2~+.3 > P. 1:2(1) ack 1`,

  'new data after one old byte': `${SERVER}
 +0 < P. 1:2(1) ack 1 win 65535
 +0 > . 1:1(0) ack 2
 +0 < P. 1:501(500) ack 1 win 65535`,

  'nothing before it': `
  0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
 +0 bind(3, ..., ...) = 0
 +0 listen(3, 1) = 0
+.1 < S 4294967295:4294967295(0) win 65535 <mss 1000>
 +0 > S. 0:0(0) ack 0 <...>
+.5 < S 4294967295:4294967295(0) win 65535 <mss 1000>`,

  'other numbers': `${SERVER}
 +0 < P. 1:101(100) ack 1 win 65535
 +0 > . 1:1(0) ack 101
 +0 < S 500000:500000(0) win 65535
 +0 > . 1:1(0) ack 101
+.1 < P. 101:201(100) ack 1 win 65535`,

  'after a SYN': `\`sysctl -q net.ipv4.tcp_rmem="4096 93440 200000"\`
  0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
 +0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0
 +0 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)
 +0 > S 0:0(0) <...>
 +0 < S 0:0(0) win 65535 <mss 1000,nop,wscale 7>
 +0 > S. 0:0(0) ack 1 <...>
 +0 < . 900001:900001(0) ack 1 win 512
 +0 < . 1:1(0) ack 1 win 512`,

  'the most that the field can say': `${SERVER.replace('+0 bind', '+0 setsockopt(3, SOL_SOCKET, SO_RCVBUF, [64000], 4) = 0\n +0 bind')}
 +0 < . 1001:2401(1400) ack 1 win 65535
 +0 < . 2401:3801(1400) ack 1 win 65535
 +0 < . 3801:5201(1400) ack 1 win 65535
 +0 < . 5201:6601(1400) ack 1 win 65535`,

  'soon after the highest': `${SERVER}
 +0 < P. 101:201(100) ack 1 win 65535
 +0 > . 1:1(0) ack 1 <...>
 +.001 < P. 1:101(100) ack 1 win 65535
 +0 > . 1:1(0) ack 201
 +0 < P. 401:501(100) ack 1 win 65535
 +0 > . 1:1(0) ack 201 <...>
 +.001 < P. 401:451(50) ack 1 win 65535`,

  'long after the highest, or up to its end': `${SERVER}
 +0 < . 100001:100001(0) ack 1 win 65535
+.5 < P. 1:101(100) ack 1 win 65535`,

  'two duplicates just before': `${PLAIN}
 +0 setsockopt(4, SOL_TCP, TCP_NODELAY, [1], 4) = 0
 +0 write(4, ..., 1000) = 1000
 +0 > P. 1:1001(1000) ack 1
+.2 < . 1:1(0) ack 1 win 65535
 +0 < . 1:1(0) ack 1 win 65535
 +0~+.019 > P. 1:1001(1000) ack 1`,

  'fewer than two duplicates, or another segment than they ask for': `${SERVER}
 +0 write(4, ..., 4000) = 4000
+.02 < . 1:1(0) ack 1 win 65535 <nop,nop,sack 1001:4001>
+.02 < . 1:1(0) ack 4001 win 65535`,

  'the last window that came': `${SERVER}
 +0 < . 1:1(0) ack 1 win 2000
 +0 < . 0:0(0) ack 1 win 1000
 +0 > . 1:1(0) ack 1
 +0 write(4, ..., 1000) = 1000
 +0 > P. 1:1001(1000) ack 1`,

  'a window probe': `
  0 < . 1:1(0) ack 1 win 65535
 +0 > R 1:1(0)
 +0 < P. 1:2(1) ack 1 win 65535
 +0 > R 1:1(0)
 +0 < P. 2:12(10) ack 1 win 65535`,

  'not acknowledged yet': `${SERVER}
 +0 setsockopt(4, SOL_TCP, TCP_QUICKACK, [0], 4) = 0
 +0 < P. 1:101(100) ack 1 win 65535
 +.001 < P. 1:101(100) ack 1 win 65535`,
};
