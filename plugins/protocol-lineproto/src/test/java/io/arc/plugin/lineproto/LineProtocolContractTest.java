package io.arc.plugin.lineproto;

import io.arc.api.spi.IngestProtocol;
import io.arc.testkit.IngestProtocolContract;
import io.arc.testkit.TestParameters;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Random;

class LineProtocolContractTest extends IngestProtocolContract {
    private static final long NOW = TestParameters.RECEIVED_MICROS;

    @Override
    protected IngestProtocol newProtocol() {
        return new LineProtocol();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    protected List<GoldenBody> goldenBodies() {
        return List.of(
                new GoldenBody("every kind of value", bytes("""
                        m,t=a\\ b v=1i,w=2u,x=3,y="a\\"b",z=T 1750000000000000000
                        """), "default.m 1750000000000000 t#=\"a b\" v=1i w=2i x=3.0 y=\"a\\\"b\" z=true"),
                new GoldenBody("what influxdb-python sends", bytes(
                        "cpu_load,host=a\\,b,q=tr\\\\  b=True,f=1.0,i=1i,s=\"x\\\"y\" 1700000000123456000\n"),
                        "default.cpu_load 1700000000123456 b=true f=1.0 host#=\"a,b\" i=1i q#=\"tr\\\\ \" s=\"x\\\"y\""),
                new GoldenBody("a doubled backslash at a tag's end", bytes(
                        "cpu_load,host=a\\,b,q=tr\\\\ b=True,f=1.0,i=1i,s=\"x\\\"y\" 1700000000123456000\n"),
                        "default.cpu_load 1700000000123456 b=true f=1.0 host#=\"a,b\" i=1i q#=\"tr\\\\\" s=\"x\\\"y\""),
                new GoldenBody("two tables, sparse columns, comments", bytes("""
                        # written by hand

                        cpu,host=a usage=1.5 1000
                        mem,host=a free=10i 2000\r
                        cpu usage=2,idle=98.25 3000
                        mem used="some" -1
                        """), "default.cpu 1 host#=\"a\" usage=1.5", "default.cpu 3 idle=98.25 usage=2.0",
                        "default.mem 2 free=10i host#=\"a\"", "default.mem -1 used=\"some\""),
                new GoldenBody("seconds and good lines among bad ones", bytes("""
                        m v=1 10
                        m v= 11
                        m,host= v=1 12
                        m v="two
                        lines",w=1 13
                        9m v=1 14
                        m v=4
                        """), Map.of("precision", "s"), List.of("default.m 10000000 v=\"1\"",
                        "default.m 13000000 v=\"two\\nlines\" w=1.0", "default.m " + NOW + " v=\"4\""), 3),
                new GoldenBody("names that meet", bytes("m,host=a host=1,time=2,v=3 1000\nm,time=x v=1 2000"),
                        "default.m 1 host#=\"a\" host_value=1.0 time_value_value=2.0 v=3.0",
                        "default.m 2 time_value#=\"x\" v=1.0"));
    }

    @Override
    protected byte[] largeBody() {
        Random random = new Random(7);
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 5_000; i++) {
            text.append("cpu,host=host_").append(random.nextInt(1_000)).append(" value=").append(random.nextInt(10_000) / 100.0)
                    .append(",cpu_idle=").append(random.nextDouble() * 100).append(",users=").append(random.nextInt(50))
                    .append("i,up=true,note=\"n ").append(i % 10).append("\" ").append(1_759_933_800_000_000_000L + i)
                            .append('\n');
        }
        return bytes(text.toString());
    }
}
