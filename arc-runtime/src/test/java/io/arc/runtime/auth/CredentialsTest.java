package io.arc.runtime.auth;

import static org.assertj.core.api.Assertions.assertThat;

import io.arc.runtime.auth.Credential.Source;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class CredentialsTest {
    static Stream<Arguments> forms() {
        return Stream.of(
                form("Bearer T", null, null, "T", Source.AUTHORIZATION_HEADER),
                form("Token T", null, null, "T", Source.AUTHORIZATION_HEADER),
                form("Token user:T", null, null, "T", Source.AUTHORIZATION_HEADER),
                form("Token user:T:with:colons", null, null, "T:with:colons", Source.AUTHORIZATION_HEADER),
                form("Token :T", null, null, "T", Source.AUTHORIZATION_HEADER),
                form("Token T:", null, null, "T", Source.AUTHORIZATION_HEADER),
                form("Bearer user:T", null, null, "user:T", Source.AUTHORIZATION_HEADER),
                form("T", null, null, "T", Source.AUTHORIZATION_HEADER),
                form("bearer T", null, null, "bearer T", Source.AUTHORIZATION_HEADER),
                form("BEARER T", null, null, "BEARER T", Source.AUTHORIZATION_HEADER),
                form("Bearer  T", null, null, " T", Source.AUTHORIZATION_HEADER),
                form("BearerT", null, null, "BearerT", Source.AUTHORIZATION_HEADER),
                form("Tokens", null, null, "Tokens", Source.AUTHORIZATION_HEADER),
                form(basic("user:T"), null, null, "T", Source.AUTHORIZATION_HEADER),
                form(basic(":T"), null, null, "T", Source.AUTHORIZATION_HEADER),
                form(basic("T:"), null, null, "T", Source.AUTHORIZATION_HEADER),
                form(basic("T"), null, null, "T", Source.AUTHORIZATION_HEADER),
                form(basic("u:a:b"), null, null, "a:b", Source.AUTHORIZATION_HEADER),
                form(basic("ü:T"), null, null, "T", Source.AUTHORIZATION_HEADER),
                form(basic("user:T").replace("=", ""), null, null, "T", Source.AUTHORIZATION_HEADER),
                form(basic(":"), "K", null, "K", Source.API_KEY_HEADER),
                form(basic(""), "K", null, "K", Source.API_KEY_HEADER),
                form("Basic ***", "K", null, "K", Source.API_KEY_HEADER),
                form("Basic a", "K", "P", "K", Source.API_KEY_HEADER),
                form("Bearer ", "K", null, "K", Source.API_KEY_HEADER),
                form("Bearer", "K", null, "K", Source.API_KEY_HEADER),
                form("Token ", null, "P", "P", Source.QUERY_PARAMETER),
                form("Token :", null, "P", "P", Source.QUERY_PARAMETER),
                form("Basic", "", "P", "P", Source.QUERY_PARAMETER),
                form("", "", "P", "P", Source.QUERY_PARAMETER),
                form(null, null, "P", "P", Source.QUERY_PARAMETER),
                form("Bearer T", "K", "P", "T", Source.AUTHORIZATION_HEADER),
                form(null, "K", "P", "K", Source.API_KEY_HEADER),
                form(null, null, null, null, null),
                form("", "", "", null, null),
                form("Bearer ", null, "", null, null));
    }

    private static Arguments form(String authorization, String apiKey, String parameter, String token, Source source) {
        return Arguments.of(authorization, apiKey, parameter, token, source);
    }

    private static String basic(String pair) {
        return "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8));
    }

    @ParameterizedTest
    @MethodSource("forms")
    void findsTheToken(String authorization, String apiKey, String parameter, String token, Source source) {
        assertThat(Credentials.find(authorization, apiKey, parameter))
                .isEqualTo(token == null ? Optional.empty() : Optional.of(new Credential(token, source)));
    }

    @Test
    void neverThrows() {
        for (long seed = 0; seed < 20_000; seed++) {
            Random random = new Random(seed);
            String[] schemes = {"Basic ", "Token ", "Bearer ", "", "Basic", "Token"};
            String value = random.ints(random.nextInt(12), 0, random.nextBoolean() ? 128 : 0x10000)
                    .collect(StringBuilder::new, (text, unit) -> text.append((char) unit), StringBuilder::append).toString();
            String header = schemes[random.nextInt(schemes.length)] + value;
            Optional<Credential> found = Credentials.find(header, null, null);
            found.ifPresent(credential -> assertThat(credential.token()).as("seed of %s", header).isNotEmpty());
        }
    }

    @Test
    void hidesTheTokenInText() {
        assertThat(new Credential("secret", Source.API_KEY_HEADER).toString()).doesNotContain("secret");
    }
}
