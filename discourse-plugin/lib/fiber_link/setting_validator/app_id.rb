# frozen_string_literal: true

module FiberLink
  module SettingValidator
    # It is sent as a header.
    class AppId < Base
      private

      def valid?(value)
        value.match?(/\A[!-~]{1,255}\z/)
      end
    end
  end
end
