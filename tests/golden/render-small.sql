-- A machine of 12 pageblocks in two zones, with a hole between them and one within, an original and a
-- replay: for mmrender's golden cases.
PRAGMA application_id = 0x6d6d7270;
PRAGMA user_version = 6;
INSERT INTO trace VALUES (1, 'f', '/tmp/small.zst', '6.12.48', 'x86_64', 'mono', './app', 4096, 2, 0, 4000000000, 1000, 0, 1);
INSERT INTO run VALUES (1, 1, 'original', 'original', 'kernel', '6.12.48', 0, 'idle', 0, 4000000000, 4000000000, 1, '0', '');
INSERT INTO run VALUES (2, 1, 'replay', 'clock', 'clock', '6.12.48', 1, 'idle', 0, 4000000000, 4000000000, 1, '0', '');
INSERT INTO zone SELECT run_id, 0, 'DMA', 0, 0, 2048, 2048, 2048, 8, 10, 12 FROM run;
INSERT INTO zone SELECT run_id, 0, 'Normal', 2, 1048576, 4096, 3584, 3584, 32, 40, 48 FROM run;

-- original at 0 s: free free free free | kernel half hole free free free free free
INSERT INTO pageblock VALUES (1, 0, 0, 'DMA', 0, 512, 4, x'0002000000000109000200000000010900020000000001090002000000000109');
INSERT INTO pageblock VALUES (1, 0, 0, 'Normal', 1048576, 512, 8, x'00000000000200ff000100010000010700000000000000ff00020000000001090002000000000109000200000000010900020000000001090002000000000109');
INSERT INTO free_blocks VALUES (1, 0, 0, 0, 'DMA', 'Movable', 2048, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
INSERT INTO free_blocks VALUES (1, 0, 0, 0, 'Normal', 'Movable', 2816, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
-- original at 1 s: free free free free | kernel mixed hole movable movable free free free
INSERT INTO pageblock VALUES (1, 1000000000, 0, 'DMA', 0, 512, 4, x'0002000000000109000200000000010900020000000001090002000000000109');
INSERT INTO pageblock VALUES (1, 1000000000, 0, 'Normal', 1048576, 512, 8, x'00000000000200ff1000e0011000010300000000000000ff00000002000001ff00000002000001ff000200000000010900020000000001090002000000000109');
INSERT INTO free_blocks VALUES (1, 1000000000, 1000000000, 0, 'DMA', 'Movable', 2048, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
INSERT INTO free_blocks VALUES (1, 1000000000, 1000000000, 0, 'Normal', 'Movable', 1552, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
-- original at 2 s: kernel half half half | kernel mixed hole movable movable movable cache free
INSERT INTO pageblock VALUES (1, 2000000000, 0, 'DMA', 0, 512, 4, x'00000000000200ff000100010000010700010001000001070001000100000107');
INSERT INTO pageblock VALUES (1, 2000000000, 0, 'Normal', 1048576, 512, 8, x'00000000000200ff1000e0011000010300000000000000ff00000002000001ff00000002000001ff00000002000001ff20000000e00102030002000000000109');
INSERT INTO free_blocks VALUES (1, 2000000000, 2000000000, 0, 'DMA', 'Movable', 768, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
INSERT INTO free_blocks VALUES (1, 2000000000, 2000000000, 0, 'Normal', 'Movable', 560, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
-- original at 3 s: kernel half half half | kernel mixed hole movable movable movable movable movable
INSERT INTO pageblock VALUES (1, 3000000000, 0, 'DMA', 0, 512, 4, x'00000000000200ff000100010000010700010001000001070001000100000107');
INSERT INTO pageblock VALUES (1, 3000000000, 0, 'Normal', 1048576, 512, 8, x'00000000000200ff1000e0011000010300000000000000ff00000002000001ff00000002000001ff00000002000001ff00000002000001ff00000002000001ff');
INSERT INTO free_blocks VALUES (1, 3000000000, 3000000000, 0, 'DMA', 'Movable', 768, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
INSERT INTO free_blocks VALUES (1, 3000000000, 3000000000, 0, 'Normal', 'Movable', 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
-- replay at 0 s: free free free free | kernel half hole free free free free free
INSERT INTO pageblock VALUES (2, 0, 0, 'DMA', 0, 512, 4, x'0002000000000109000200000000010900020000000001090002000000000109');
INSERT INTO pageblock VALUES (2, 0, 0, 'Normal', 1048576, 512, 8, x'00000000000200ff000100010000010700000000000000ff00020000000001090002000000000109000200000000010900020000000001090002000000000109');
INSERT INTO free_blocks VALUES (2, 0, 0, 0, 'DMA', 'Movable', 2048, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
INSERT INTO free_blocks VALUES (2, 0, 0, 0, 'Normal', 'Movable', 2816, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
-- replay at 1 s: free free free free | kernel mixed hole movable free free free free
INSERT INTO pageblock VALUES (2, 1000000000, 0, 'DMA', 0, 512, 4, x'0002000000000109000200000000010900020000000001090002000000000109');
INSERT INTO pageblock VALUES (2, 1000000000, 0, 'Normal', 1048576, 512, 8, x'00000000000200ff1000e0011000010300000000000000ff00000002000001ff0002000000000109000200000000010900020000000001090002000000000109');
INSERT INTO free_blocks VALUES (2, 1000000000, 1000000000, 0, 'DMA', 'Movable', 2048, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
INSERT INTO free_blocks VALUES (2, 1000000000, 1000000000, 0, 'Normal', 'Movable', 2064, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
-- replay at 2 s: kernel half half half | kernel mixed hole movable movable free free free
INSERT INTO pageblock VALUES (2, 2000000000, 0, 'DMA', 0, 512, 4, x'00000000000200ff000100010000010700010001000001070001000100000107');
INSERT INTO pageblock VALUES (2, 2000000000, 0, 'Normal', 1048576, 512, 8, x'00000000000200ff1000e0011000010300000000000000ff00000002000001ff00000002000001ff000200000000010900020000000001090002000000000109');
INSERT INTO free_blocks VALUES (2, 2000000000, 2000000000, 0, 'DMA', 'Movable', 768, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
INSERT INTO free_blocks VALUES (2, 2000000000, 2000000000, 0, 'Normal', 'Movable', 1552, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
-- replay at 3 s: kernel half half half | kernel mixed hole movable movable movable cache free
INSERT INTO pageblock VALUES (2, 3000000000, 0, 'DMA', 0, 512, 4, x'00000000000200ff000100010000010700010001000001070001000100000107');
INSERT INTO pageblock VALUES (2, 3000000000, 0, 'Normal', 1048576, 512, 8, x'00000000000200ff1000e0011000010300000000000000ff00000002000001ff00000002000001ff00000002000001ff20000000e00102030002000000000109');
INSERT INTO free_blocks VALUES (2, 3000000000, 3000000000, 0, 'DMA', 'Movable', 768, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
INSERT INTO free_blocks VALUES (2, 3000000000, 3000000000, 0, 'Normal', 'Movable', 560, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

INSERT INTO reclaim_episode VALUES (1, 'direct', 7, 'app', 2500000000, 40000000, 0, 0, 64, 32, ''),
	(1, 'direct', 8, 'app', 3200000000, NULL, 0, 0, 64, 32, ''), (1, 'kswapd', 3, 'kswapd0', 2000000000, 900000000, 0, 0, 640, 320, ''),
	(2, 'kswapd', 3, 'kswapd0', 2000000000, 1900000000, 0, 0, 640, 320, '');
-- Compaction: 200 pages from the first pageblock of Normal that has some to the last, one block both, one only looked at.
INSERT INTO compaction_block VALUES (1, 2000000000, 3000000000, 0, 'Normal', 1049088, 512, 0, 200, 0),
	(1, 2000000000, 3000000000, 0, 'Normal', 1052160, 0, 512, 0, 200), (1, 2000000000, 3000000000, 0, 'Normal', 1050112, 512, 512, 30, 20),
	(1, 2000000000, 3000000000, 0, 'DMA', 512, 512, 0, 0, 0);
INSERT INTO compaction_episode VALUES (1, 'direct', 7, 'app', 2600000000, 150000, 9, 0, 1, 1, 1, 1, 1, 'success');
INSERT INTO oom_kill VALUES (1, 3900000000, 7, 'app', 1, 1, 1, 0);
INSERT INTO lost VALUES (2, 3000000000, 1, 5);
INSERT INTO instant SELECT DISTINCT run_id, t_ns FROM free_blocks;
