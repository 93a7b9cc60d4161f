# frozen_string_literal: true

require "net/http"

module FiberLink
  # Signed requests to the Fiber Link server. Nothing is asked twice here: whether a repeat is safe
  # is known to who asks.
  class Client
    ANSWER_LIMIT = 1024 * 1024
    DEPTH_LIMIT = 20
    # A waiting request is given so much more than the wait.
    WAIT_MARGIN = 10

    # The method's result. Raises Refused or Unavailable. With `anyway` also a server is asked that
    # gave no answer a moment ago: by whom no page waits for.
    def self.call(method, params = {}, wait_seconds: 0, anyway: false)
      new.call(method, params, wait_seconds: wait_seconds, anyway: anyway)
    end

    def call(method, params = {}, wait_seconds: 0, anyway: false)
      CircuitBreaker.check! unless anyway || wait_seconds.positive?
      params = params.merge(waitSeconds: wait_seconds) if wait_seconds.positive?
      id = SecureRandom.uuid
      body = { jsonrpc: "2.0", id: id, method: method, params: params }.to_json
      answer = parse(post(body, wait_seconds))
      bad("it answers another request") unless answer["id"] == id || answer["error"]
      raise_error(answer["error"]) if answer["error"]
      bad("neither result nor error") unless answer.key?("result")
      Answer.new(answer["result"], method)
    rescue Unavailable => e
      Rails.logger.warn("fiber-link: #{method}: #{e.kind}: #{e.message}")
      raise
    end

    private

    def post(body, wait_seconds)
      url = endpoint
      seconds = SiteSetting.fiber_link_timeout_seconds
      seconds = [seconds, WAIT_MARGIN].max + wait_seconds if wait_seconds.positive?
      request = Net::HTTP::Post.new(url, headers(body))
      request.body = body
      # The limits of Net::HTTP are for each read; a server that drips would never end.
      Timeout.timeout(seconds, Net::ReadTimeout) do
        connection(url, seconds).start { |http| return receive(http, request) }
      end
    rescue SystemCallError, SocketError, IOError, Timeout::Error, OpenSSL::SSL::SSLError,
           Net::HTTPBadResponse, Net::HTTPHeaderSyntaxError, Net::ProtocolError, Zlib::Error => e
      CircuitBreaker.trip if e.is_a?(Timeout::Error) && wait_seconds.zero?
      raise Unavailable.new(:unreachable, "#{e.class}: #{PlainText.line(e.message, 200)}")
    ensure
      remember_answer
    end

    # After the time limit, which would leave a connection to Redis in the middle of a command.
    def remember_answer
      ClockSkew.measure(@date)
      CircuitBreaker.reset if @answered
    end

    def endpoint
      url = SiteSetting.fiber_link_service_url
      if [url, SiteSetting.fiber_link_app_id, app_secret].any?(&:blank?)
        raise Unavailable.new(:not_configured, "the URL, app id or secret is not set")
      end
      URI.parse("#{url.chomp("/")}/rpc")
    rescue URI::InvalidURIError
      raise Unavailable.new(:not_configured, "the URL is none")
    end

    # Without the proxy of the environment: the server usually stands beside the forum.
    def connection(url, seconds)
      http = Net::HTTP.new(url.hostname, url.port, nil)
      http.use_ssl = url.scheme == "https"
      http.open_timeout = [seconds, SiteSetting.fiber_link_timeout_seconds].min
      http.read_timeout = seconds
      http.write_timeout = seconds
      http.max_retries = 0
      http
    end

    def receive(http, request)
      http.request(request) do |response|
        @date = response["date"]
        body = read(response)
        @answered = true
        check_status(response.code.to_i)
        return body
      end
    end

    def read(response)
      body = +""
      response.read_body do |piece|
        body << piece
        next if body.bytesize <= ANSWER_LIMIT
        raise AnswerTooLarge, "more than #{ANSWER_LIMIT} bytes"
      end
      body
    end

    # Redirects are not followed: a signed request is for one server alone.
    def check_status(status)
      case status
      when 200 then nil
      when 401, 403 then raise Unavailable.new(:unauthorized, "HTTP status #{status}")
      when 408, 429, 500..599 then raise Unavailable.new(:unreachable, "HTTP status #{status}")
      else bad("HTTP status #{status}")
      end
    end

    def parse(body)
      text = body.force_encoding(Encoding::UTF_8)
      bad("no UTF-8") unless text.valid_encoding?
      answer = JSON.parse(text, max_nesting: DEPTH_LIMIT, create_additions: false)
      answer.is_a?(Hash) ? answer : bad("no object")
    rescue JSON::ParserError, JSON::NestingError => e
      bad("no JSON (#{e.class})")
    end

    def headers(body)
      timestamp = Time.now.to_i.to_s
      nonce = SecureRandom.hex(16)
      signed = "#{timestamp}.#{nonce}.#{body}"
      {
        "Content-Type" => "application/json",
        "Accept" => "application/json",
        # Net::HTTP would unpack, and a small answer may become a large one.
        "Accept-Encoding" => "identity",
        "X-App-Id" => SiteSetting.fiber_link_app_id,
        "X-Ts" => timestamp,
        "X-Nonce" => nonce,
        "X-Signature" => OpenSSL::HMAC.hexdigest("SHA256", app_secret, signed),
      }
    end

    def app_secret
      SiteSetting.fiber_link_app_secret
    end

    def raise_error(error)
      bad("an error that is no object") unless error.is_a?(Hash) && error["code"].is_a?(Integer)
      raise ServerError.from(error)
    end

    def bad(message)
      raise Unavailable.new(:bad_answer, message)
    end
  end
end
