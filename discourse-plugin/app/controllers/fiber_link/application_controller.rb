# frozen_string_literal: true

module FiberLink
  # What the plugin's JSON endpoints share.
  class ApplicationController < ::ApplicationController
    requires_plugin PLUGIN_NAME

    rescue_from Refused do |error|
      extras = { reason: error.reason }
      extras[:fields] = error.issues if error.issues.any?
      render_json_error error.message, type: "fiber_link_refused", status: 422, extras: extras
    end

    rescue_from Unavailable do
      render_json_error I18n.t("fiber_link.unavailable"),
                        type: "fiber_link_unavailable",
                        status: 503
    end

    private

    # `limit_requests("show", 60, 1.minute)`; who has no account is counted by address.
    def limit_requests(name, count, period)
      type = "fiber-link-#{name}"
      type += "-#{request.remote_ip}" if current_user.nil?
      RateLimiter.new(current_user, type, count, period).performed!
    end

    # What one may not see is not there.
    def find_visible_post(id)
      post = Post.find_by(id: id)
      raise Discourse::NotFound unless post && guardian.can_see?(post)
      post
    end

    # The account at the server that is asked for: one's own, or one that was merged into it.
    def account
      @account ||= params.key?(:account) ? former_account : current_user.id
    end

    def former_account
      id = ForumId.parse(text_param(:account))
      owned = id && FormerAccount.ended.exists?(former_id: id, user_id: current_user.id)
      raise Discourse::NotFound unless owned
      id
    end

    # The parameter as a string, or 400: nested and repeated parameters are none.
    def text_param(name, limit: 255)
      value = params[name]
      raise Discourse::InvalidParameters.new(name) unless value.is_a?(String)
      fits = value.valid_encoding? && value.length <= limit && !value.include?("\0")
      raise Discourse::InvalidParameters.new(name) unless fits
      value
    end

    # Of the form's own: the front end makes one for each thing that it asks for. It stays the same
    # for an account that is merged meanwhile.
    def idempotency_key(owner)
      key = text_param(:idempotency_key)
      raise Discourse::InvalidParameters.new(:idempotency_key) unless key.match?(/\A[!-~]{8,100}\z/)
      # Two people never share a key.
      "#{owner}:#{key}"
    end
  end
end
