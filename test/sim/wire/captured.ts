/**
 * Packets that Linux 6.18 sent over a veth pair and a tun device, and what tcpdump 4.99.3 -n -S prints of them (without
 * its guess of the application, and without its remark on a missing MD5 key). Offloading was off, so checksums are real.
 */

/** The bytes that a hex text spells. */
export const fromHex = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));

export const CAPTURED: readonly { about: string; hex: string; text: string }[] = [
  {
    about: 'SYN',
    hex:
      '4500003c275940004006ff600a0000010a0000029c401f9029a5c27600000000a002faf080380000020405b40402080a' +
      'cd544390000000000103030a',
    text: '10.0.0.1.40000 > 10.0.0.2.8080: Flags [S], seq 698729078, win 64240, options [mss 1460,sackOK,TS val 3444851600 ecr 0,nop,wscale 10], length 0',
  },
  {
    about: 'SYN,ACK',
    hex:
      '4500003c00004000400626ba0a0000020a0000011f909c4024449e0a29a5c277a012fe8844840000020405b40402080a' +
      'a401d1bacd5443900103030a',
    text: '10.0.0.2.8080 > 10.0.0.1.40000: Flags [S.], seq 608476682, ack 698729079, win 65160, options [mss 1460,sackOK,TS val 2751582650 ecr 3444851600,nop,wscale 10], length 0',
  },
  {
    about: 'data with timestamps',
    hex:
      '45000038275b40004006ff620a0000010a0000029c401f9029a5c27724449e0b8018003f92bf00000101080acd544391' +
      'a401d1ba70696e67',
    text: '10.0.0.1.40000 > 10.0.0.2.8080: Flags [P.], seq 698729079:698729083, ack 608476683, win 63, options [nop,nop,TS val 3444851601 ecr 2751582650], length 4',
  },
  {
    about: 'FIN',
    hex:
      '45000034275d40004006ff640a0000010a0000029c401f9029a5c27b24449e108011003f719100000101080acd544391' + 'a401d1bb',
    text: '10.0.0.1.40000 > 10.0.0.2.8080: Flags [F.], seq 698729083, ack 608476688, win 63, options [nop,nop,TS val 3444851601 ecr 2751582651], length 0',
  },
  {
    about: 'SYN, timestamps off',
    hex:
      '45000034e9e6400040063cdb0a0000010a0000029c411f912455d6a9000000008002faf0a9490000020405b401010402' + '0103030a',
    text: '10.0.0.1.40001 > 10.0.0.2.8081: Flags [S], seq 609605289, win 64240, options [mss 1460,nop,nop,sackOK,nop,wscale 10], length 0',
  },
  {
    about: 'three bytes without options',
    hex: '4500002be9e8400040063ce20a0000010a0000029c411f912455d6aae7e573905018003fb5da00006f6464',
    text: '10.0.0.1.40001 > 10.0.0.2.8081: Flags [P.], seq 609605290:609605293, ack 3890574224, win 63, length 3',
  },
  {
    about: 'SYN, timestamps and SACK off',
    hex: '45000030c4094000400662bc0a0000010a0000029c421f9206eb422d000000007002faf070350000020405b40103030a',
    text: '10.0.0.1.40002 > 10.0.0.2.8082: Flags [S], seq 116081197, win 64240, options [mss 1460,nop,wscale 10], length 0',
  },
  {
    about: 'urgent data',
    hex: '45000029c40c4000400662c00a0000010a0000029c421f9206eb422fadee47915038003f7ffa000121',
    text: '10.0.0.1.40002 > 10.0.0.2.8082: Flags [P.U], seq 116081199:116081200, ack 2918074257, win 63, urg 1, length 1',
  },
  {
    about: 'RST after SO_LINGER 0',
    hex: '45000028c40e4000400662bf0a0000010a0000029c421f9206eb4230adee47965014003fa11a0000',
    text: '10.0.0.1.40002 > 10.0.0.2.8082: Flags [R.], seq 116081200, ack 2918074262, win 63, length 0',
  },
  {
    about: 'SYN, SACK off',
    hex:
      '4500003cb5c54000400670f40a0000010a0000029c431f9372eb6ecc00000000a002faf037a80000020405b40101080a' +
      'af83b750000000000103030a',
    text: '10.0.0.1.40003 > 10.0.0.2.8083: Flags [S], seq 1928031948, win 64240, options [mss 1460,nop,nop,TS val 2944644944 ecr 0,nop,wscale 10], length 0',
  },
  {
    about: 'SYN, window scaling off',
    hex:
      '45000038629440004006c4290a0000010a0000029c441f941c68750b000000009002faf023200000020405b40402080a' +
      '4885942900000000',
    text: '10.0.0.1.40004 > 10.0.0.2.8084: Flags [S], seq 476607755, win 64240, options [mss 1460,sackOK,TS val 1216713769 ecr 0], length 0',
  },
  {
    about: 'RST from a closed port',
    hex: '4500002800004000400626ce0a0000020a00000100099c45000000002eb8e54d50140000eb790000',
    text: '10.0.0.2.9 > 10.0.0.1.40005: Flags [R.], seq 0, ack 783869261, win 0, length 0',
  },
  {
    about: 'Fast Open, cookie requested',
    hex:
      '45000040609840004006c61d0a0000010a0000029c461f95c3742d9400000000b002faf010730000020405b40402080a' +
      '710bd79f000000000103030a22020101',
    text: '10.0.0.1.40006 > 10.0.0.2.8085: Flags [S], seq 3279170964, win 64240, options [mss 1460,sackOK,TS val 1896601503 ecr 0,nop,wscale 10,tfo  cookiereq,nop,nop], length 0',
  },
  {
    about: 'Fast Open, cookie granted',
    hex:
      '4500004800004000400626ae0a0000020a0000011f959c466b47ded1c3742d95d012fe8808b20000020405b40402080a' +
      '48b3d909710bd79f0103030a220a53e02f9c620492b00101',
    text: '10.0.0.2.8085 > 10.0.0.1.40006: Flags [S.], seq 1799872209, ack 3279170965, win 65160, options [mss 1460,sackOK,TS val 1219746057 ecr 1896601503,nop,wscale 10,tfo  cookie 53e02f9c620492b0,nop,nop], length 0',
  },
  {
    about: 'Fast Open, data in the SYN',
    hex:
      '4500004cf57b40004006312e0a0000010a0000029c471f9502305c1400000000d002faf08de70000020405b40402080a' +
      '8f7f5c5f000000000103030a220a53e02f9c620492b0010166617374',
    text: '10.0.0.1.40007 > 10.0.0.2.8085: Flags [S], seq 36723732:36723736, win 64240, options [mss 1460,sackOK,TS val 2407488607 ecr 0,nop,wscale 10,tfo  cookie 53e02f9c620492b0,nop,nop], length 4',
  },
  {
    about: 'SYN asking for ECN',
    hex:
      '4500003c9845400040068e740a0000010a0000029c481f96c4b606a900000000a0c2faf0916b0000020405b40402080a' +
      '129f0d01000000000103030a',
    text: '10.0.0.1.40008 > 10.0.0.2.8086: Flags [SEW], seq 3300263593, win 64240, options [mss 1460,sackOK,TS val 312413441 ecr 0,nop,wscale 10], length 0',
  },
  {
    about: 'SYN,ACK granting ECN',
    hex:
      '4500003c00004000400626ba0a0000020a0000011f969c4823750465c4b606aaa052fe8851190000020405b40402080a' +
      '138801c7129f0d010103030a',
    text: '10.0.0.2.8086 > 10.0.0.1.40008: Flags [S.E], seq 594871397, ack 3300263594, win 65160, options [mss 1460,sackOK,TS val 327680455 ecr 312413441,nop,wscale 10], length 0',
  },
  {
    about: 'SYN signed with MD5',
    hex:
      '450000486f3940004006b7740a0000010a0000029c4a1f98c308ebaa00000000d002faf096e9000001011312c4e825ae' +
      '943236ec97920b05523e4fe8020405b4010104020103030a',
    text: '10.0.0.1.40010 > 10.0.0.2.8088: Flags [S], seq 3272141738, win 64240, options [nop,nop,md5 c4e825ae943236ec97920b05523e4fe8,mss 1460,nop,nop,sackOK,nop,wscale 10], length 0',
  },
  {
    about: 'data signed with MD5',
    hex:
      '4500003f6f3b40004006b77b0a0000010a0000029c4a1f98c308ebab7500626ea018003f07b3000001011312297baa9a' +
      '63484ae854eca77dcbf4009e6d6435',
    text: '10.0.0.1.40010 > 10.0.0.2.8088: Flags [P.], seq 3272141739:3272141742, ack 1962959470, win 63, options [nop,nop,md5 297baa9a63484ae854eca77dcbf4009e], length 3',
  },
  {
    about: 'one SACK block',
    hex:
      '45000034397f40004006ed420a0000010a0000020050c350488ffd56000003e98010003f4f0e00000101050a0000044d' + '000004b1',
    text: '10.0.0.1.80 > 10.0.0.2.50000: Flags [.], ack 1001, win 63, options [nop,nop,sack 1 {1101:1201}], length 0',
  },
  {
    about: 'four SACK blocks',
    hex:
      '4500004c398240004006ed270a0000010a0000020050c350488ffd56000003e9e010003fca83000001010522000006a5' +
      '00000709000005dd0000064100000515000005790000044d000004b1',
    text: '10.0.0.1.80 > 10.0.0.2.50000: Flags [.], ack 1001, win 63, options [nop,nop,sack 4 {1701:1801}{1501:1601}{1301:1401}{1101:1201}], length 0',
  },
  {
    about: 'three SACK blocks beside timestamps',
    hex:
      '45000050f4604000400632450a0000010a0000020050c351eabef483000003e9f0100040c52900000101080aa9c5b6d5' +
      '000000070101051a000005dd0000064100000515000005790000044d000004b1',
    text: '10.0.0.1.80 > 10.0.0.2.50001: Flags [.], ack 1001, win 64, options [nop,nop,TS val 2848306901 ecr 7,nop,nop,sack 3 {1501:1601}{1301:1401}{1101:1201}], length 0',
  },
];

/** The same in IPv6: over a veth pair between 2001:db8::1 and 2001:db8::2. */
export const CAPTURED_6: readonly { about: string; hex: string; text: string }[] = [
  {
    about: 'SYN',
    hex: '600f10290028064020010db800000000000000000000000120010db80000000000000000000000029c401f902540a6d500000000a002fd203a580000020405a00402080a6243caf9000000000103030a',
    text: '2001:db8::1.40000 > 2001:db8::2.8080: Flags [S], seq 624994005, win 64800, options [mss 1440,sackOK,TS val 1648610041 ecr 0,nop,wscale 10], length 0',
  },
  {
    about: 'SYN,ACK',
    hex: '60028f7b0028064020010db800000000000000000000000220010db80000000000000000000000011f909c409a6d6c522540a6d6a012fb0444a10000020405a00402080a46feaa036243caf90103030a',
    text: '2001:db8::2.8080 > 2001:db8::1.40000: Flags [S.], seq 2590862418, ack 624994006, win 64260, options [mss 1440,sackOK,TS val 1191094787 ecr 1648610041,nop,wscale 10], length 0',
  },
  {
    about: 'data with timestamps',
    hex: '600f10290024064020010db800000000000000000000000120010db80000000000000000000000029c401f902540a6d69a6d6c53801800408f4400000101080a6243caf946feaa0370696e67',
    text: '2001:db8::1.40000 > 2001:db8::2.8080: Flags [P.], seq 624994006:624994010, ack 2590862419, win 64, options [nop,nop,TS val 1648610041 ecr 1191094787], length 4',
  },
  {
    about: 'FIN',
    hex: '600f10290020064020010db800000000000000000000000120010db80000000000000000000000029c401f902540a6da9a6d6c58801100406e1700000101080a6243caf946feaa03',
    text: '2001:db8::1.40000 > 2001:db8::2.8080: Flags [F.], seq 624994010, ack 2590862424, win 64, options [nop,nop,TS val 1648610041 ecr 1191094787], length 0',
  },
  {
    about: 'SYN, hop limit 7',
    hex: '600c93960028060720010db800000000000000000000000120010db80000000000000000000000029c411f91ba81685600000000a002fd20f6a90000020405a00402080a6886b1a0000000000103030a',
    text: '2001:db8::1.40001 > 2001:db8::2.8081: Flags [S], seq 3129043030, win 64800, options [mss 1440,sackOK,TS val 1753657760 ecr 0,nop,wscale 10], length 0',
  },
  {
    about: 'three bytes',
    hex: '600c93960023060720010db800000000000000000000000120010db80000000000000000000000029c411f91ba81685770de1fbd80180040d61200000101080a6886b1a0a3e044376f6464',
    text: '2001:db8::1.40001 > 2001:db8::2.8081: Flags [P.], seq 3129043031:3129043034, ack 1893605309, win 64, options [nop,nop,TS val 1753657760 ecr 2749383735], length 3',
  },
  {
    about: 'data with DSCP 46',
    hex: '6b8ae5f50021064020010db800000000000000000000000220010db80000000000000000000000011f919c4170de1fbdba81685a8018003f317700000101080aa3e044376886b1a078',
    text: '2001:db8::2.8081 > 2001:db8::1.40001: Flags [P.], seq 1893605309:1893605310, ack 3129043034, win 63, options [nop,nop,TS val 2749383735 ecr 1753657760], length 1',
  },
  {
    about: 'RST after SO_LINGER 0',
    hex: '6b8ae5f50020064020010db800000000000000000000000220010db80000000000000000000000011f919c4170de1fbeba81685a8014003fa8b300000101080aa3e044ff6886b1a0',
    text: '2001:db8::2.8081 > 2001:db8::1.40001: Flags [R.], seq 1893605310, ack 3129043034, win 63, options [nop,nop,TS val 2749383935 ecr 1753657760], length 0',
  },
  {
    about: 'RST from a closed port',
    hex: '600d79990014064020010db800000000000000000000000220010db80000000000000000000000011fa39c420000000015db0fdc5014000072bf0000',
    text: '2001:db8::2.8099 > 2001:db8::1.40002: Flags [R.], seq 0, ack 366677980, win 0, length 0',
  },
];
