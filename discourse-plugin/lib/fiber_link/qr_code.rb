# frozen_string_literal: true

require "rqrcode"

module FiberLink
  # A QR code as one SVG path: a rectangle for each run of dark modules in a row.
  module QrCode
    # Of bech32 alone, which means the same in capitals and takes less than two thirds of the space.
    CAPITALS_MEAN_THE_SAME = /\A[a-z0-9]+\z/

    # A window that waits asks again and again, and drawing takes a while.
    KEPT_SECONDS = 15.minutes.to_i

    # `{ modules:, path: }`, or nil where the text does not fit into a code.
    def self.of(text)
      return if text.blank?
      key = "fiber-link:qr:#{Digest::SHA256.hexdigest(text)}"
      kept = Discourse.redis.get(key)
      return JSON.parse(kept)&.symbolize_keys if kept
      draw(text).tap { |code| Discourse.redis.setex(key, KEPT_SECONDS, code.to_json) }
    end

    def self.draw(text)
      text = text.upcase if text.match?(CAPITALS_MEAN_THE_SAME)
      modules = RQRCode::QRCode.new(text, level: :l).modules
      { modules: modules.size, path: path(modules) }
    rescue RQRCodeCore::QRCodeArgumentError, RQRCodeCore::QRCodeRunTimeError
      nil
    end

    def self.path(modules)
      modules.each_with_index.map { |row, y| row_path(row, y) }.join
    end

    def self.row_path(row, y)
      x = 0
      row
        .chunk_while { |one, other| one == other }
        .map do |run|
          start, x = x, x + run.size
          run.first ? "M#{start} #{y}h#{run.size}v1h-#{run.size}z" : ""
        end
        .join
    end
    private_class_method :draw, :path, :row_path
  end
end
