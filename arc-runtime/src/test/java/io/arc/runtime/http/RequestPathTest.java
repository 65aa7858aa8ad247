package io.arc.runtime.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RequestPathTest {
    @ParameterizedTest
    @CsvSource({"/, /", "'', /", "//, /", "/a/b, /a/b", "/A/b/, /a/b", "//a//b//, /a/b", "/a/./b, /a/b", "/a/../b, /b",
        "/../../a, /a", "/a;x=1/b;y, /a/b", "/a/..;/b, /b", "/a/..;x/..;/b, /b", "/ÄB, /äb"})
    void hasOneSpelling(String sent, String expected) {
        assertThat(RequestPath.normalise(sent)).isEqualTo(expected);
        assertThat(RequestPath.normalise(RequestPath.normalise(sent))).isEqualTo(expected);
    }

    @Test
    void theLastSegmentKeepsItsCase() {
        assertThat(RequestPath.lastSegment("/query/Cpu/")).isEqualTo("Cpu");
        assertThat(RequestPath.lastSegment("/query/Cpu;x=1")).isEqualTo("Cpu");
        assertThat(RequestPath.lastSegment("/query/x/../Cpu")).isEqualTo("Cpu");
        assertThat(RequestPath.lastSegment("/")).isEmpty();
    }

    @Test
    void onlyCaseAndATrailingSlashAreCanonical() {
        assertThat(RequestPath.isCanonical("/A/b/", "/a/b")).isTrue();
        assertThat(RequestPath.isCanonical("/", "/")).isTrue();
        assertThat(RequestPath.isCanonical("/a/%62", "/a/b")).isFalse();
        assertThat(RequestPath.isCanonical("/a//b", "/a/b")).isFalse();
        assertThat(RequestPath.isCanonical("/a;x/b", "/a/b")).isFalse();
    }
}
