import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import javax.net.ssl.HttpsURLConnection;

/**
 * Mutual TLS with nothing but the JDK and two key stores. Run as a single file:
 *
 *   java -Djavax.net.ssl.keyStore=client.jks -Djavax.net.ssl.keyStorePassword=changeit \
 *        -Djavax.net.ssl.trustStore=client-truststore.jks -Djavax.net.ssl.trustStorePassword=changeit \
 *        Client.java https://localhost:9443/whoami [USER]
 *
 * USER, when given, is the user to act as: one of those that the certificate is bound to.
 * Prints the status on the first line and the body after it; exits with 1 when the connection itself fails.
 */
public class Client {
    public static void main(String[] args) throws Exception {
        try {
            HttpsURLConnection connection = (HttpsURLConnection) URI.create(args[0]).toURL().openConnection();
            if (args.length > 1) {
                byte[] user = args[1].getBytes(StandardCharsets.UTF_8);
                connection.setRequestProperty("UserName", Base64.getEncoder().encodeToString(user));
            }
            int status = connection.getResponseCode();
            System.out.println(status);
            InputStream body = status < 400 ? connection.getInputStream() : connection.getErrorStream();
            if (body != null) System.out.write(body.readAllBytes());
            System.out.flush();
        } catch (java.io.IOException refused) {
            System.err.println(refused);
            System.exit(1);
        }
    }
}
