# frozen_string_literal: true

# Who is logged in: set by sign_in in specs, by the cookie of config.ru's login in the web server.
module StandInSession
  class << self
    attr_accessor :current

    def user_id(request) = current || request.session[:user_id]
  end
end

class ApplicationController < ActionController::Base
  class PluginDisabled < StandardError; end

  protect_from_forgery with: :exception
  before_action :check_xhr

  rescue_from(ActionController::InvalidAuthenticityToken) do
    render plain: "[\"BAD CSRF\"]", status: 403
  end
  rescue_from(ActionController::ParameterMissing) do |error|
    render_json_error error.message, type: :invalid_parameters, status: 400
  end
  rescue_from(PluginDisabled, Discourse::NotFound, ActionController::RoutingError) do
    render_json_error I18n.t("not_found"), type: :not_found, status: 404
  end
  rescue_from(Discourse::NotLoggedIn) do
    render_json_error I18n.t("not_logged_in"), type: :not_logged_in, status: 403
  end
  rescue_from(Discourse::InvalidAccess) do
    render_json_error I18n.t("invalid_access"), type: :invalid_access, status: 403
  end
  rescue_from(Discourse::InvalidParameters) do |error|
    message = "You supplied invalid parameters to the request: #{error.message}"
    render_json_error message, type: :invalid_parameters, status: 400
  end
  rescue_from(RateLimiter::LimitExceeded) do |error|
    response.headers["Retry-After"] = error.available_in.to_s
    extras = { wait_seconds: error.available_in }
    render_json_error error.message, type: :rate_limit, status: 429, extras: extras
  end

  def self.requires_plugin(name)
    before_action do
      plugin = Discourse.plugins_by_name[name] or raise "Required plugin '#{name}' not found"
      raise PluginDisabled unless plugin.enabled?
    end
  end

  def self.requires_login(options = {}) = before_action(:ensure_logged_in, **options)

  def current_user
    @current_user ||= User.find_by(id: StandInSession.user_id(request))
  end

  # Keys are checked by who logs in; here their presence is enough.
  def is_api? = request.headers["Api-Key"].present?
  def is_user_api? = request.headers["User-Api-Key"].present?
  def guardian = (@guardian ||= Guardian.new(current_user, request))

  private

  def ensure_logged_in = (raise Discourse::NotLoggedIn unless current_user)
  def ensure_admin = (raise Discourse::InvalidAccess unless current_user&.admin)
  def ensure_staff = (raise Discourse::InvalidAccess unless current_user&.staff?)

  # Discourse answers what is neither JSON nor asked by a script with the page of the application.
  def check_xhr
    return if !request.get? || request.xhr? || request.format.json?
    render html: "<div id=\"main\"></div>".html_safe, layout: false
  end

  def render_json_error(message, opts = {})
    unknown = opts.keys - %i[status type extras headers]
    raise "render_json_error: unknown options #{unknown}" if unknown.any?
    body = { errors: [message.to_s] }
    body[:error_type] = opts[:type] if opts[:type]
    body[:extras] = opts[:extras] if opts[:extras]
    render json: body, status: opts[:status] || 422
  end

  def serialize_data(object, serializer, opts = {})
    options = { scope: guardian, root: false }.merge(opts)
    if opts[:root].is_a?(FalseClass) && object.respond_to?(:map)
      return object.map { |item| serializer.new(item, options).as_json }
    end
    serializer.new(object, options).as_json
  end

  def render_serialized(object, serializer, opts = {})
    render json: serialize_data(object, serializer, opts)
  end

  def render_json_dump(object) = render(json: object)
  def success_json = { success: "OK" }
  def failed_json = { failed: "FAILED" }
end

module Admin
  class AdminController < ::ApplicationController
    before_action :ensure_logged_in
    before_action :ensure_admin_hidden

    private

    # Discourse hides its admin pages from everybody else.
    def ensure_admin_hidden = (raise Discourse::NotFound unless current_user.admin)
  end
end

class AdminConstraint
  def initialize(_options = {})
  end

  def matches?(request)
    !!User.find_by(id: StandInSession.user_id(request))&.admin
  end
end
