-- An Interlock database of schema 2, as `.dump` writes it: a run of the demo, copied while a step ran.
PRAGMA user_version = 2;
BEGIN TRANSACTION;
CREATE TABLE identity (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        name TEXT NOT NULL CHECK (length(name) = 16)
    ) STRICT;
INSERT INTO "identity" VALUES(1,'f4bcf3f00263111b');
CREATE TABLE journal (
        seq INTEGER PRIMARY KEY,
        at_ms INTEGER NOT NULL,
        kind TEXT NOT NULL,
        incident INTEGER,
        payload TEXT NOT NULL,
        salt BLOB NOT NULL CHECK (length(salt) = 16),
        hash BLOB NOT NULL CHECK (length(hash) = 32)
    ) STRICT;
INSERT INTO "journal" VALUES(1,1795262982615,'started',NULL,'{"event":{"type":"started","version":"0.1.0","mode":"live","policy":"sha256:83894115a90e3d6a876e6f73715f26ef9e464b56d5960f297e25e09e7dc1c12c","autonomy":"suggest","database":"f4bcf3f00263111b"}}',X'F64B0E00CF0A1B9D3945112169130D58',X'8A46F0B777BE73879B57945AA99A212C0420D0D511FBF69E95C4F86FF2D8A5A3');
INSERT INTO "journal" VALUES(2,1795262983265,'checkpointed',NULL,'{"event":{"type":"checkpointed","size":1,"note":"interlock.example/playground\n1\naC1oHMQRmF85kPDLLsamO4N0CzSOphdgjb/F8vMNxvo=\n\n— interlock.example/playground tGv6sdNJRdcbXQjdM0PaN1JxjOofpcMY+h3G4Sb0ebIAXIHMhxLanFPR/G0Q8opwYaiY3F2KPDWztmn9sFL6yBiBjAk=\n"}}',X'A7709F9DFD28E0D47045D156DEA8A587',X'1983F9F282674C11FCE4A99F22ADA09A2C8B5A491462C5FF5A1DC702953342C6');
INSERT INTO "journal" VALUES(3,1795262983401,'opened',1,'{"event":{"type":"opened","incident":1,"alert":{"source":"alertmanager","episode":"e4c549cbb5a34832@2026-11-21T12:09:43Z","fingerprint":"e4c549cbb5a34832","group":"interlock {}:{alertname=\"RedisConnectionTimeout\"}","status":"firing","name":"RedisConnectionTimeout","title":"Redis connection timeout on api-gateway","description":"Connections to redis-primary time out after 5 s; the pool is exhausted.","severity":"high","severity_word":"high","service":"api-gateway","labels":{"alertname":"RedisConnectionTimeout","cluster":"demo","instance":"api-gateway-0","namespace":"production","service":"api-gateway","severity":"high"},"annotations":{"description":"Connections to redis-primary time out after 5 s; the pool is exhausted.","summary":"Redis connection timeout on api-gateway"},"links":[{"title":"Source","url":"http://prometheus.example/graph"}],"starts_at":"2026-11-21T12:09:43Z"},"channel":"#incidents","title":"Redis connection timeout on api-gateway","severity":"high"}}',X'401814DC48DA1309EC90F8FDC06423B7',X'6723AE1383D13A9794A2A9CD80F779C6395F7915FE35CA88BF4068EB66F81F62');
INSERT INTO "journal" VALUES(4,1795262983401,'matched',1,'{"event":{"type":"matched","incident":1,"matched":{"candidates":[{"runbook":"redis-connection-timeout","title":"Redis Connection Timeout","why":"its title contains \"redis\", \"connection\" and \"timeout\"; severity is high; service is api-gateway","confidence":990}],"misses":[{"runbook":"high-error-rate","title":"High error rate at the gateway","why":"it wants \"error rate\", \"error ratio\" or \"5xx\" in the alert, which is not there"}],"verdict":{"is":"one","runbook":"redis-connection-timeout"},"explanation":["matched because its title contains \"redis\", \"connection\" and \"timeout\"; severity is high; service is api-gateway","next best `high-error-rate` did not match because it wants \"error rate\", \"error ratio\" or \"5xx\" in the alert, which is not there"],"by":"trigger"}}}',X'60638715C20B4C000155339D1D0D1C4E',X'7670F6F362844831E2306851DC40354212AA4EF50AA331D64028B7F6D7A7C3BC');
INSERT INTO "journal" VALUES(5,1795262983401,'planning',1,'{"event":{"type":"planning","incident":1,"request":{"runbook":"redis-connection-timeout","requester":"interlock"}}}',X'46A11FFAA36652C82F1B1F850D8830A0',X'F96FF1EF4416DE20337ABB63E1747987A32ABE1DE4F41F3AF214B64E603BA321');
INSERT INTO "journal" VALUES(6,1795262983495,'proposed',1,'{"event":{"type":"proposed","incident":1,"plan":{"no":1,"runbook":"redis-connection-timeout","title":"Redis Connection Timeout","runbook_revision":"sha256:c64108ee3d17a0cd87faf81e29ac73c3e9693c1ca6183aeb14106054b109c56f","policy_revision":"sha256:83894115a90e3d6a876e6f73715f26ef9e464b56d5960f297e25e09e7dc1c12c","requester":"interlock","budget":{"max_pod_restarts":0,"max_cache_operations":1},"requires_human_approval":false,"autonomy":"suggest","steps":[{"no":1,"title":"Flush the connection pool","command":"kubectl --context demo exec -n production deployment/redis-primary -- redis-cli FLUSHDB","action":{"do":"exec","target":{"cluster":"demo","namespace":"production","kind":"deployment","name":"redis-primary"},"argv":["redis-cli","FLUSHDB"]},"expected":{"expect":"exact","value":"OK"},"on_failure":"continue","attempts":2,"timeout_seconds":30,"wait_seconds":0,"when":"always","role":"remedy","tier":1,"tier_reason":"Redis''s FLUSHDB deletes every key in one database, and the policy declares the target to be a cache","effect":"opaque","environment":"production","plain":"Deletes every key in database 0 of redis-primary. Can''t be undone.","cost":{"max_cache_operations":1},"blast":"takes 1 of its cache operations","target":{"object":{"cluster":"demo","namespace":"production","kind":"deployment","name":"redis-primary"},"uid":"7ef1fd0e-d154-4fcd-9f84-10633ef306ac","generation":1,"images":["registry.example/redis:7.0.15"],"replicas":1,"ready":1,"container":{"name":"redis-primary"}}},{"no":2,"title":"Verify connections restored","command":"kubectl --context demo exec -n production deployment/api-gateway -- curl -s localhost:8080/health | jq .redis","action":{"do":"exec","target":{"cluster":"demo","namespace":"production","kind":"deployment","name":"api-gateway"},"argv":["curl","-s","localhost:8080/health"]},"filters":[{"filter":"jq","program":".redis","raw":false,"compact":false,"exit_status":false}],"expected":{"expect":"contains","value":"connected"},"on_failure":"escalate","attempts":2,"timeout_seconds":30,"wait_seconds":0,"when":"always","role":"verification","tier":0,"tier_reason":"`curl` with these arguments only looks","effect":"observe","environment":"production","plain":"Looks: runs `curl -s localhost:8080/health` inside one pod of api-gateway.","blast":"changes nothing","target":{"object":{"cluster":"demo","namespace":"production","kind":"deployment","name":"api-gateway"},"uid":"83f91ca7-864a-4135-b6b9-aeef0d2df7ab","generation":1,"images":["registry.example/api-gateway:4.2.1"],"replicas":2,"ready":2,"container":{"name":"api-gateway"}}}],"escalation":"If any step with \"failure action: escalate\" fails twice, page the on-call engineer via PagerDuty."},"digest":"7b5723f6042ab3bc012ab8dab2cfbac0fbe7316ffa6086d1fb7cd22c62668fc9","decision":{"require_approval":{"approvals":1}},"approve_by":"2026-11-21T12:39:43.495Z"}}',X'C5D6A3A19D7E58FE3FB3870AFE7EFCCF',X'36AE536DD3E3F712BFD3936A39698A81946BFFC9EA54894FA41BE80F0E901A77');
INSERT INTO "journal" VALUES(7,1795262983495,'page_due',1,'{"event":{"type":"page_due","incident":1,"at":"2026-11-21T12:11:43.495Z"}}',X'DF8B3A9676F4E9633B34B22D3D507734',X'8DE52374E3E67EC83D92D465819B1ADF301FE20C49F3D5216939BC53DCC8ADAD');
INSERT INTO "journal" VALUES(8,1795262983542,'card_posted',1,'{"event":{"type":"card_posted","incident":1,"message":{"channel":"C0INCIDENT","ts":"1795262983.526267"}}}',X'865FFBD5DE58EE0EDD029F628D4F237E',X'9832FEB09A47D7513620DD94BD0CFC426D938EF48F97B4B0154A2B8851861AA5');
INSERT INTO "journal" VALUES(9,1795262983567,'voted',1,'{"key":"click:1795262983537847.k0v6wly4igvx.q4cpnb4z68bpz2jr0yn7hklzenj3nzr2","event":{"type":"voted","incident":1,"plan":1,"vote":{"by":{"team":"T0ACME0001","user":"U0ANA00001"},"name":"ana","at":"2026-11-21T12:09:43.567Z","groups":["S0SRE00001","@sre"]},"needed":1,"execute_by":"2026-11-21T12:19:43.567Z"}}',X'DEF78F1F695C400C4A67880CA2AA168E',X'B5F73DC5BE4D6346443C509FCE9FF1697FDC6BA05A40DF05E4095AE0B98CFCE5');
INSERT INTO "journal" VALUES(10,1795262983645,'step_started',1,'{"event":{"type":"step_started","incident":1,"attempt":{"incident":1,"plan":1,"step":1,"attempt":1},"digest":"7b5723f6042ab3bc012ab8dab2cfbac0fbe7316ffa6086d1fb7cd22c62668fc9","approved_by":[{"id":{"team":"T0ACME0001","user":"U0ANA00001"},"name":"ana"}],"cost":{"max_cache_operations":1}}}',X'2E963074542ED55E7B21547543D3D0BE',X'336CC1807D66669ACC59750D5F7A069C983261F64BD52BDD06D800F8B69858B0');
CREATE TABLE outbox (
        row INTEGER PRIMARY KEY AUTOINCREMENT,
        -- At most one effect waits in a slot; a newer one takes its place.
        slot TEXT UNIQUE,
        effect TEXT NOT NULL,
        created_ms INTEGER NOT NULL
    ) STRICT;
INSERT INTO "outbox" VALUES(6,NULL,'{"effect":"thread","incident":1,"seq":9}',1795262983567);
INSERT INTO "outbox" VALUES(7,'card/INC-1','{"effect":"card","incident":1}',1795262983645);
CREATE TABLE probe (only INTEGER PRIMARY KEY CHECK (only = 1), written BLOB NOT NULL) STRICT;
CREATE TABLE snapshot (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        version TEXT NOT NULL,
        seq INTEGER NOT NULL,
        hash BLOB NOT NULL,
        state TEXT NOT NULL
    ) STRICT;
CREATE INDEX journal_by_incident ON journal (incident, seq) WHERE incident IS NOT NULL;
CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_no_replace BEFORE INSERT ON journal
        WHEN EXISTS (SELECT 1 FROM journal WHERE seq = NEW.seq)
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('outbox',7);
COMMIT;
