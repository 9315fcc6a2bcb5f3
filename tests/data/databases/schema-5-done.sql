-- An Interlock database of schema 5, as `.dump` writes it: that of schema 4, brought up to date without a key.
PRAGMA user_version = 5;
BEGIN TRANSACTION;
CREATE TABLE erasures (only INTEGER PRIMARY KEY CHECK (only = 1), through INTEGER NOT NULL) STRICT;
INSERT INTO "erasures" VALUES(1,0);
CREATE TABLE identity (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        name TEXT NOT NULL CHECK (length(name) = 16)
    ) STRICT;
INSERT INTO "identity" VALUES(1,'251903541d314e78');
CREATE TABLE journal (
        seq INTEGER PRIMARY KEY,
        at_ms INTEGER NOT NULL,
        kind TEXT NOT NULL,
        incident INTEGER,
        payload TEXT NOT NULL,
        salt BLOB NOT NULL CHECK (length(salt) = 16),
        hash BLOB NOT NULL CHECK (length(hash) = 32)
    , commitment BLOB
        CHECK (commitment IS NULL OR (length(commitment) = 32 AND payload = '' AND salt = zeroblob(16)))) STRICT;
INSERT INTO "journal" VALUES(1,1795323620182,'started',NULL,'{"event":{"type":"started","version":"0.1.0","mode":"live","policy":"sha256:d2e8fda6b19284ac548afccabfc1bde855636bb726dab4088ae67810f19d3d61","autonomy":"suggest","database":"251903541d314e78"}}',X'3E74E873D90DE67F57582C1CCE771F1B',X'1EC4B0859C0F1AF9D643948F0290CA19BEE56CD6CEF9C485F16989D39258B458',NULL);
INSERT INTO "journal" VALUES(2,1795323620486,'checkpointed',NULL,'{"event":{"type":"checkpointed","size":1,"note":"interlock.example/playground\n1\nyeFSDBZpFBQo+EutTV6X1v80SitIxWcMH38/TOi9WeE=\n\n— interlock.example/playground kIwHdmc3l1CACITqO27JrUgLsUNEd+OgudsT9VOD8Iz/vFuRErRA8yzmInnCu6nm9wZkKDH6hPAUSmOdXTUmbn3BUQM=\n"}}',X'DF38387ECC9FEB7F8EC3311979041283',X'A3788C86BADA3FCA87C19D65A4F5AE85385BB4553C313A6E5FB4273AE848AC26',NULL);
INSERT INTO "journal" VALUES(3,1795323620587,'opened',1,'{"event":{"type":"opened","incident":1,"alert":{"source":"alertmanager","episode":"e4c549cbb5a34832@2026-11-22T05:00:20Z","fingerprint":"e4c549cbb5a34832","group":"interlock {}:{alertname=\"RedisConnectionTimeout\"}","status":"firing","name":"RedisConnectionTimeout","title":"Redis connection timeout on api-gateway","description":"Connections to redis-primary time out after 5 s; the pool is exhausted.","severity":"high","severity_word":"high","service":"api-gateway","labels":{"alertname":"RedisConnectionTimeout","cluster":"demo","instance":"api-gateway-0","namespace":"production","service":"api-gateway","severity":"high"},"annotations":{"description":"Connections to redis-primary time out after 5 s; the pool is exhausted.","summary":"Redis connection timeout on api-gateway"},"links":[{"title":"Source","url":"http://prometheus.example/graph"}],"starts_at":"2026-11-22T05:00:20Z"},"channel":"#incidents","title":"Redis connection timeout on api-gateway","severity":"high"}}',X'9A78A0D57DA60D26BB4C3B584B2160A9',X'3DFE2DC619424B62613862B49B6579646FBC43DBFD15120C00BE52B8102BB110',NULL);
INSERT INTO "journal" VALUES(4,1795323620587,'matched',1,'{"event":{"type":"matched","incident":1,"matched":{"candidates":[{"runbook":"redis-connection-timeout","title":"Redis Connection Timeout","why":"its title contains \"redis\", \"connection\" and \"timeout\"; severity is high; service is api-gateway","confidence":990}],"misses":[{"runbook":"high-error-rate","title":"High error rate at the gateway","why":"it wants \"error rate\", \"error ratio\" or \"5xx\" in the alert, which is not there"}],"verdict":{"is":"one","runbook":"redis-connection-timeout"},"explanation":["matched because its title contains \"redis\", \"connection\" and \"timeout\"; severity is high; service is api-gateway","next best `high-error-rate` did not match because it wants \"error rate\", \"error ratio\" or \"5xx\" in the alert, which is not there"],"by":"trigger","refused_as":"unread"}}}',X'9344A09DE1EB146FF6F5112BC04B974D',X'CA49C2C99E3A5A1058236D4D47B8805C4E54086C3585DA5EDBCC2D6A611E103A',NULL);
INSERT INTO "journal" VALUES(5,1795323620587,'planning',1,'{"event":{"type":"planning","incident":1,"request":{"runbook":"redis-connection-timeout","requester":"interlock"}}}',X'1051E235CFCED09F618EC245204FEAA4',X'6B1B41DE77B8011BA1C7E7C439041546C754CEC4E6A2CD38F93C344DCCDA4398',NULL);
INSERT INTO "journal" VALUES(6,1795323620959,'proposed',1,'{"event":{"type":"proposed","incident":1,"plan":{"no":1,"runbook":"redis-connection-timeout","title":"Redis Connection Timeout","runbook_revision":"sha256:c64108ee3d17a0cd87faf81e29ac73c3e9693c1ca6183aeb14106054b109c56f","policy_revision":"sha256:d2e8fda6b19284ac548afccabfc1bde855636bb726dab4088ae67810f19d3d61","requester":"interlock","budget":{"max_pod_restarts":0,"max_cache_operations":1},"requires_human_approval":false,"autonomy":"suggest","steps":[{"no":1,"title":"Flush the connection pool","command":"kubectl --context demo exec -n production deployment/redis-primary -- redis-cli FLUSHDB","action":{"do":"exec","target":{"cluster":"demo","namespace":"production","kind":"deployment","name":"redis-primary"},"argv":["redis-cli","FLUSHDB"]},"expected":{"expect":"exact","value":"OK"},"on_failure":"continue","attempts":2,"timeout_seconds":30,"wait_seconds":0,"when":"always","role":"remedy","tier":1,"tier_reason":"Redis''s FLUSHDB deletes every key in one database, and the policy declares the target to be a cache","effect":"opaque","environment":"production","plain":"Deletes every key in database 0 of redis-primary. Can''t be undone.","cost":{"max_cache_operations":1},"blast":"takes 1 of its cache operations","target":{"object":{"cluster":"demo","namespace":"production","kind":"deployment","name":"redis-primary"},"uid":"7ef1fd0e-d154-4fcd-9f84-10633ef306ac","generation":1,"images":["registry.example/redis:7.0.15"],"replicas":1,"ready":1,"container":{"name":"redis-primary"}}},{"no":2,"title":"Verify connections restored","command":"kubectl --context demo exec -n production deployment/api-gateway -- curl -s localhost:8080/health | jq .redis","action":{"do":"exec","target":{"cluster":"demo","namespace":"production","kind":"deployment","name":"api-gateway"},"argv":["curl","-s","localhost:8080/health"]},"filters":[{"filter":"jq","program":".redis","raw":false,"compact":false,"exit_status":false}],"expected":{"expect":"contains","value":"connected"},"on_failure":"escalate","attempts":2,"timeout_seconds":30,"wait_seconds":0,"when":"always","role":"verification","tier":0,"tier_reason":"`curl` with these arguments only looks","effect":"observe","environment":"production","plain":"Looks: runs `curl -s localhost:8080/health` inside one pod of api-gateway.","blast":"changes nothing","target":{"object":{"cluster":"demo","namespace":"production","kind":"deployment","name":"api-gateway"},"uid":"83f91ca7-864a-4135-b6b9-aeef0d2df7ab","generation":1,"images":["registry.example/api-gateway:4.2.1"],"replicas":2,"ready":2,"container":{"name":"api-gateway"}}}],"escalation":"If any step with \"failure action: escalate\" fails twice, page the on-call engineer via PagerDuty."},"digest":"aa23a25a4d9b912e894adfdb278a2257a2e05bd05c9b1bb2caeab09d0e7dff6b","decision":{"require_approval":{"approvals":1}},"approve_by":"2026-11-22T05:30:20.959Z"}}',X'95B73943BE5430DA8F1D3D22C08BF269',X'309E2366EB8CF61A60D1B0E897BA1BF37A521887FBF37779F8307C9E11A2CD2E',NULL);
INSERT INTO "journal" VALUES(7,1795323620959,'page_due',1,'{"event":{"type":"page_due","incident":1,"at":"2026-11-22T05:02:20.959Z"}}',X'80B4483F465EE73CF7A3AD1AB42A72D7',X'A8577EF1D1A5B2F87F9B5DF263D27C864B06F0255812AFA6744CBC3C7E53FD19',NULL);
INSERT INTO "journal" VALUES(8,1795323620977,'card_posted',1,'{"event":{"type":"card_posted","incident":1,"message":{"channel":"C0INCIDENT","ts":"1795323620.975828"}}}',X'296308964BE70E116D7141DF6F20888D',X'D4FF43989E5443249A8852E3218FFABF6CF977CD99025F53131DCFBE0F50C531',NULL);
INSERT INTO "journal" VALUES(9,1795323621170,'voted',1,'{"key":"click:1795323621046526.eo4jb9uehjh5.7wdfjxhuwf4rxlgt6uey0nffykv6ao5f","event":{"type":"voted","incident":1,"plan":1,"vote":{"by":{"team":"T0ACME0001","user":"U0ANA00001"},"name":"ana","at":"2026-11-22T05:00:21.17Z","groups":["S0SRE00001","@sre"]},"needed":1,"execute_by":"2026-11-22T05:10:21.17Z"}}',X'B61CA08F2D011691F9F5EED7C61B5CB9',X'9279A2DC62E3227BC240FDF4AEE7654547025CC80114E0A1EB52C813462B89B7',NULL);
INSERT INTO "journal" VALUES(10,1795323621226,'step_started',1,'{"event":{"type":"step_started","incident":1,"attempt":{"incident":1,"plan":1,"step":1,"attempt":1},"digest":"aa23a25a4d9b912e894adfdb278a2257a2e05bd05c9b1bb2caeab09d0e7dff6b","approved_by":[{"id":{"team":"T0ACME0001","user":"U0ANA00001"},"name":"ana"}],"cost":{"max_cache_operations":1}}}',X'376AC4FAF52BFB4294C1149A87B396A2',X'29B46EAF4295539259AF442FC0595B3DF5E04BF6356CBBC740555FD8D2BEA246',NULL);
INSERT INTO "journal" VALUES(11,1795323621254,'step_ended',1,'{"event":{"type":"step_ended","incident":1,"attempt":{"incident":1,"plan":1,"step":1,"attempt":1},"outcome":{"outcome":"succeeded"},"output":{"text":"OK\n","cut_bytes":0},"took_ms":20}}',X'B38C42990044B5C5F8AAEA2FC4753FA1',X'0BED4CD8B1DDB00288EF96EFE1C69BBA555CC70A80FEDF112A3CA657CC8BC979',NULL);
INSERT INTO "journal" VALUES(12,1795323621261,'step_started',1,'{"event":{"type":"step_started","incident":1,"attempt":{"incident":1,"plan":1,"step":2,"attempt":1},"digest":"aa23a25a4d9b912e894adfdb278a2257a2e05bd05c9b1bb2caeab09d0e7dff6b","approved_by":[{"id":{"team":"T0ACME0001","user":"U0ANA00001"},"name":"ana"}]}}',X'8F4397E4530AA44C25EB6F428D2FDD69',X'2B15E37E81B9E15B72B350CC119FB3A6F229A600174BD2B2E0FAD138630A935F',NULL);
INSERT INTO "journal" VALUES(13,1795323621303,'step_ended',1,'{"event":{"type":"step_ended","incident":1,"attempt":{"incident":1,"plan":1,"step":2,"attempt":1},"outcome":{"outcome":"succeeded"},"output":{"text":"\"connected\"\n","cut_bytes":0},"took_ms":39}}',X'85226C98D8B89D285221762EA1603923',X'54F12EB216A13CD79DF48B34DDF0201F6FB1C6038F6AB370E259EEC57A3594EA',NULL);
INSERT INTO "journal" VALUES(14,1795323621303,'run_ended',1,'{"event":{"type":"run_ended","incident":1,"plan":1,"result":{"result":"verified"}}}',X'D19B6B6D44E8F5AD24CAAD7889A143F5',X'4C576BFF8935EF13FA434E8482B4F4F19825932C2F79A4F2EBEBDA12D8E5B836',NULL);
INSERT INTO "journal" VALUES(15,1795323621303,'settling',1,'{"event":{"type":"settling","incident":1,"until":"2026-11-22T05:01:21.303Z"}}',X'BCBD84E532A7277D3EF5716350F657EF',X'1669C0EB0DE2CBC910C82E9292CE6CA4BF3A696CA9C8A61D14D4DEB4725E794B',NULL);
INSERT INTO "journal" VALUES(16,1795323621348,'alert_resolved',1,'{"event":{"type":"alert_resolved","incident":1,"source":"alertmanager","episode":"e4c549cbb5a34832@2026-11-22T05:00:20Z"}}',X'95838E58CCDEA6DC15E8989EAC6690AB',X'C3B3F15E545CA16AEA9508FA8131A7199E5D0638639F062BE260F1CD712E289A',NULL);
INSERT INTO "journal" VALUES(17,1795323621348,'closed',1,'{"event":{"type":"closed","incident":1,"result":{"as":"resolved"}}}',X'20D0D4141EC1E46BEB4524998B7D3814',X'280684BE58BF8BBC7D384433F175D78D3D5A2372E6C3290FA5C299D6366589AC',NULL);
INSERT INTO "journal" VALUES(18,1795323621503,'checkpointed',NULL,'{"event":{"type":"checkpointed","size":17,"note":"interlock.example/playground\n17\nz7qZhNWNMNkiVmpbHWBBS9LXxsRc6b5udYf/o8brQsM=\n\n— interlock.example/playground kIwHdkBBaYj+1o8w8UcMMBULxA/4vQIYAk3EC7YA5zopvU+d9t0Lj/YEEYZSTCGvG/q2Uq3vnUAMtyUe3w5EOiLovw4=\n"}}',X'D25692B1A6BBE9EA819A7979F91BAA02',X'D2A3A86252733F901514C3DFE858E9A88F766561F8FAB91D55453AC3A7D2A1DE',NULL);
CREATE TABLE outbox (
        row INTEGER PRIMARY KEY AUTOINCREMENT,
        -- At most one effect waits in a slot; a newer one takes its place.
        slot TEXT UNIQUE,
        effect TEXT NOT NULL,
        created_ms INTEGER NOT NULL
    ) STRICT;
CREATE TABLE probe (only INTEGER PRIMARY KEY CHECK (only = 1), written BLOB NOT NULL) STRICT;
CREATE TABLE seal (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        seq INTEGER NOT NULL,
        mac BLOB NOT NULL CHECK (length(mac) = 32)
    , outbox BLOB CHECK (outbox IS NULL OR length(outbox) = 32)) STRICT;
CREATE TABLE snapshot (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        version TEXT NOT NULL,
        seq INTEGER NOT NULL,
        hash BLOB NOT NULL,
        state TEXT NOT NULL
    , seal BLOB CHECK (seal IS NULL OR length(seal) = 32)) STRICT;
CREATE INDEX journal_by_incident ON journal (incident, seq) WHERE incident IS NOT NULL;
CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_no_replace BEFORE INSERT ON journal
        WHEN EXISTS (SELECT 1 FROM journal WHERE seq = NEW.seq)
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE INDEX journal_erasures ON journal (seq) WHERE kind = 'erased';
CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal
        WHEN NOT (
            OLD.commitment IS NULL AND NEW.commitment IS NOT NULL
            AND NEW.seq IS OLD.seq AND NEW.at_ms IS OLD.at_ms AND NEW.kind IS OLD.kind
            AND NEW.incident IS OLD.incident AND NEW.hash IS OLD.hash
            AND EXISTS (
                SELECT 1 FROM journal AS record
                WHERE record.kind = 'erased' AND record.seq > OLD.seq
                AND OLD.at_ms < json_extract(record.payload, '$.event.erasure.before_ms')
                AND CASE WHEN OLD.incident IS NULL
                    THEN OLD.kind IN ('asked', 'refused', 'changed')
                        AND json_extract(record.payload, '$.event.erasure.alone')
                    ELSE EXISTS (
                        SELECT 1 FROM json_each(record.payload, '$.event.erasure.incidents') AS run
                        WHERE OLD.incident BETWEEN json_extract(run.value, '$[0]') AND json_extract(run.value, '$[1]'))
                    END))
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('outbox',15);
COMMIT;
