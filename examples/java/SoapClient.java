import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import javax.net.ssl.HttpsURLConnection;

/**
 * SOAP by hand over mutual TLS, with nothing but the JDK and two key stores. Run as a single file:
 *
 *   java -Djavax.net.ssl.keyStore=client.jks -Djavax.net.ssl.keyStorePassword=changeit \
 *        -Djavax.net.ssl.trustStore=client-truststore.jks -Djavax.net.ssl.trustStorePassword=changeit \
 *        SoapClient.java https://localhost:9443/services/RemoteUserStoreManagerService
 *
 * Reads calls from standard input, one a line, its parts apart by tabs:
 *
 *   1.1 or 1.2, the version of SOAP
 *   http:NAME, the user to act as in the HTTP header UserName; soap:NAME, in the SOAP header; or - for neither
 *   the operation, and NAME=VALUE for each of its children
 *
 * For each of them it prints the status, and on the next line the body.
 */
public class SoapClient {
    static final String NAMESPACE = "http://service.ws.um.carbon.wso2.org";
    static final String MUTUAL_SSL = "http://mutualssl.carbon.wso2.org";

    public static void main(String[] args) throws IOException {
        URI service = URI.create(args[0]);
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            call(service, line.split("\t"));
        }
    }

    static void call(URI service, String[] parts) throws IOException {
        boolean soap12 = parts[0].equals("1.2");
        String user = parts[1];
        String operation = parts[2];
        HttpsURLConnection connection = (HttpsURLConnection) service.toURL().openConnection();
        connection.setRequestMethod("POST");
        connection.setDoOutput(true);
        if (soap12) {
            connection.setRequestProperty("Content-Type", "application/soap+xml; charset=UTF-8; action=\"urn:" + operation + "\"");
        } else {
            connection.setRequestProperty("Content-Type", "text/xml; charset=UTF-8");
            connection.setRequestProperty("SOAPAction", "\"urn:" + operation + "\"");
        }
        if (user.startsWith("http:")) {
            byte[] name = user.substring(5).getBytes(StandardCharsets.UTF_8);
            connection.setRequestProperty("UserName", Base64.getEncoder().encodeToString(name));
        }
        try (OutputStream body = connection.getOutputStream()) {
            body.write(envelope(soap12, user, operation, parts).getBytes(StandardCharsets.UTF_8));
        }
        int status = connection.getResponseCode();
        System.out.println(status);
        try (InputStream body = status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
            System.out.println(body == null ? "" : new String(body.readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    static String envelope(boolean soap12, String user, String operation, String[] parts) {
        String version = soap12 ? "http://www.w3.org/2003/05/soap-envelope" : "http://schemas.xmlsoap.org/soap/envelope/";
        StringBuilder xml = new StringBuilder("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
        xml.append("<s:Envelope xmlns:s=\"").append(version).append("\"><s:Header>");
        if (user.startsWith("soap:")) {
            xml.append("<m:UserName xmlns:m=\"").append(MUTUAL_SSL).append("\" s:mustUnderstand=\"").append(soap12 ? "false" : "0").append("\">");
            xml.append(escape(user.substring(5))).append("</m:UserName>");
        }
        xml.append("</s:Header><s:Body><w:").append(operation).append(" xmlns:w=\"").append(NAMESPACE).append("\">");
        for (int i = 3; i < parts.length; i++) {
            int equals = parts[i].indexOf('=');
            String name = parts[i].substring(0, equals);
            xml.append("<w:").append(name).append('>').append(escape(parts[i].substring(equals + 1))).append("</w:").append(name).append('>');
        }
        return xml.append("</w:").append(operation).append("></s:Body></s:Envelope>").toString();
    }

    static String escape(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}
