# frozen_string_literal: true

module FiberLink
  module SettingValidator
    class ServiceUrl < Base
      private

      def valid?(value)
        url = URI.parse(value)
        url.is_a?(URI::HTTP) && url.host.present? && url.userinfo.nil? && url.query.nil? &&
          url.fragment.nil?
      rescue URI::InvalidURIError
        false
      end
    end
  end
end
