package io.arc.runtime.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.ByteSlice;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MultipartFormTest {
    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static Optional<byte[]> find(byte[] body, String type, String name) {
        return MultipartForm.part(ByteSlice.of(body), type, name)
                .map(part -> Arrays.copyOfRange(part.array(), part.offset(), part.offset() + part.length()));
    }

    @Test
    void everyPartIsFoundWhateverItHolds() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 2_000; round++) {
            String boundary = "b" + Long.toString(random.nextLong() >>> 1, 36);
            ByteArrayOutputStream body = new ByteArrayOutputStream();
            body.writeBytes(bytes(random.nextBoolean() ? "" : "a preamble\r\n"));
            byte[][] contents = new byte[1 + random.nextInt(3)][];
            for (int i = 0; i < contents.length; i++) {
                // Bytes that look like the beginning of a boundary, and others.
                contents[i] = new byte[random.nextInt(60)];
                byte[] alphabet = bytes("\r\n-" + boundary.charAt(0) + "x");
                for (int j = 0; j < contents[i].length; j++) {
                    contents[i][j] = alphabet[random.nextInt(alphabet.length)];
                }
                body.writeBytes(bytes("--" + boundary
                        + "\r\nContent-Type: text/plain\r\ncontent-disposition: form-data; filename=\"file9\"; "
                        + (random.nextBoolean() ? "name=\"file" + i + "\"" : "name=file" + i) + "\r\n\r\n"));
                body.writeBytes(contents[i]);
                body.writeBytes(bytes("\r\n"));
            }
            body.writeBytes(bytes("--" + boundary + "--\r\n"));
            String type = random.nextBoolean() ? "multipart/form-data; boundary=" + boundary
                    : "Multipart/Form-Data; charset=utf-8; Boundary=\"" + boundary + "\"";
            for (int i = 0; i < contents.length; i++) {
                assertThat(find(body.toByteArray(), type, "file" + i)).as("seed " + seed).hasValue(contents[i]);
            }
            assertThat(find(body.toByteArray(), type, "file9")).as("seed " + seed).isEmpty();
        }
    }

    @Test
    void whatIsNoFormIsRefused() {
        byte[] good = bytes("--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nrow\r\n--b--\r\n");
        assertThat(find(good, "multipart/form-data; boundary=b", "file")).hasValue(bytes("row"));
        for (String type : List.of("", "text/plain", "multipart/form-data", "multipart/mixed; boundary=b")) {
            assertThatThrownBy(() -> find(good, type, "file")).isInstanceOfSatisfying(ArcException.class,
                    refused -> assertThat(refused.code()).isEqualTo(ErrorCode.INVALID_PARAMETER));
        }
        for (int length = 0; length < good.length - 8; length++) {
            byte[] cut = Arrays.copyOf(good, length);
            assertThatThrownBy(() -> find(cut, "multipart/form-data; boundary=b", "file"))
                    .isInstanceOfSatisfying(ArcException.class,
                    refused -> assertThat(refused.code()).isEqualTo(ErrorCode.MALFORMED_PAYLOAD));
        }
    }
}
