package io.arc.plugin.msgpack;

import static io.arc.plugin.msgpack.Pack.map;

import io.arc.api.spi.IngestProtocol;
import io.arc.testkit.IngestProtocolContract;
import io.arc.testkit.TestParameters;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;

class MsgPackContractTest extends IngestProtocolContract {
    private static final long NOW = TestParameters.RECEIVED_MICROS;
    private static final long T = 1_750_000_000_000_000L;

    @Override
    protected IngestProtocol newProtocol() {
        return new MsgPackProtocol();
    }

    private static byte[] hex(String hex) {
        return HexFormat.of().parseHex(hex);
    }

    @Override
    protected List<GoldenBody> goldenBodies() {
        return List.of(
                new GoldenBody("columns with a nil", hex("82a16da27431a7636f6c756d6e7382a474696d6592cf000001977420dc00cf"
                        + "000001977420dfe8a17692cb3ff8000000000000c0"), "default.t1 " + T + " v=1.5",
                        "default.t1 " + (T + 1_000_000)),
                new GoldenBody("a row whose fields come before its tags", hex("84a16da27431a174ce684ee180a66669656c647381a17602"
                        + "a47461677381a4686f7374a161"), "default.t1 " + T + " host#=\"a\" v=2i"),
                new GoldenBody("an array of columnar items", hex("9282a16da27431a7636f6c756d6e7382a474696d6591cf000001977420"
                        + "dc00a176910182a16da27432a7636f6c756d6e7382a474696d6591cf000001977420dc00a17391a178"),
                        "default.t1 " + T + " v=1i", "default.t2 " + T + " s=\"x\""),
                new GoldenBody("a batch of all forms, and another object behind it", Pack.body(
                        map("batch", List.of(
                                map("m", "c", "columns", map("time", List.of(1, 2), "b", List.of(true, false), "x",
                                        List.of("é", "日本"), "y", List.of(1, 2.5)), "tags", List.of("x")),
                                map("m", "r", "t", T, "h", "web", "fields", map("a", 1.5, "b", List.of(1, map("k", "v")))),
                                map("m", 7, "t", 3, "h", 9, "f", List.of(1, "two")))),
                        map("m", "r", "fields", map("a", 2), "tags", map("zone", 5))),
                        "default.c 1000000 b=true x#=\"é\" y=1.0", "default.c 2000000 b=false x#=\"日本\" y=2.5",
                        "default.r " + T + " a=1.5 b=\"[1,{\\\"k\\\":\\\"v\\\"}]\" host#=\"web\"",
                        "default.r " + NOW + " a=2.0 host#=\"unknown\" zone#=\"5\"",
                        "default.measurement_7 3000000 field_0=1i field_1=\"two\" host#=\"host_9\""),
                new GoldenBody("times of every form", Pack.body(map("m", "c", "columns", map("time", List.of(
                        Instant.parse("2025-06-15T15:06:40.000001Z"), "2025-06-15T17:06:40+02:00", 1_750_000_000L)))),
                        "default.c " + (T + 1), "default.c " + T, "default.c " + T),
                new GoldenBody("an explicit unit", Pack.body(map("m", "c", "columns", map("time", List.of(5, -1_999L), "v",
                        List.of(1, 2)))), Map.of("precision", "ns"), List.of("default.c 0 v=1i", "default.c -2 v=2i"), 0),
                new GoldenBody("names that meet", Pack.body(List.of(
                        map("m", "r", "t", 1, "fields", map("host", 1, "time", 2, "v", 3), "tags", map("host", "a")),
                        map("m", "r", "t", 2, "fields", map("v", 4), "tags", map("v", "x", "host", "b")))),
                        "default.r 1000000 host#=\"a\" host_value=1i time_value=2i v_value=3i",
                        "default.r 2000000 host#=\"b\" v#=\"x\" v_value=4i"));
    }

    @Override
    protected byte[] largeBody() {
        Random random = new Random(1);
        List<Object> times = new ArrayList<>();
        List<Object> hosts = new ArrayList<>();
        List<Object> values = new ArrayList<>();
        List<Object> rows = new ArrayList<>();
        for (int row = 0; row < 5_000; row++) {
            times.add(T + row);
            hosts.add("server" + random.nextInt(100));
            values.add(random.nextDouble());
            rows.add(map("m", "rows", "t", T + row, "tags", map("host", "server" + random.nextInt(100)), "fields",
                    map("value", random.nextDouble(), "count", random.nextInt())));
        }
        return Pack.body(map("m", "columns", "columns", map("time", times, "host", hosts, "value", values)), rows);
    }
}
